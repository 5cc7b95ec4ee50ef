namespace Expunge.Server.Dashboard;

/// <summary>Says how many of something: "1 user", "1,234 users".</summary>
internal static class Counted
{
    public static string Of(long count, string noun) => $"{count:N0} {noun}{(count == 1 ? "" : "s")}";
}
