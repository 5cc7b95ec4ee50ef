namespace Expunge.Server.Dashboard;

/// <summary>Why somebody is led to the sign-in page, as its address tells it. The texts are the page's: an address must not put words into it.</summary>
internal static class SignInReasons
{
    public const string Wrong = "wrong";
    public const string TooOften = "too-often";
    public const string Unavailable = "unavailable";
    public const string Stale = "stale";
    public const string Ended = "ended";
    public const string Changed = "changed";
    public const string SignedOut = "signed-out";
}
