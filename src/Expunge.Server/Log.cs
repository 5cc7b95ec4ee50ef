using Microsoft.Extensions.Logging;

namespace Expunge.Server;

/// <summary>Everything that the server writes to its log. No secrets, no personal data: users are counted, not named.</summary>
internal static partial class Log
{
    [LoggerMessage(1, LogLevel.Information, "Admin {Admin} marked {Count} row(s) of {Root} for deletion")]
    public static partial void Marked(ILogger log, string admin, int count, string root);

    [LoggerMessage(2, LogLevel.Information, "Admin {Admin} unmarked {Count} row(s) of {Root}")]
    public static partial void Unmarked(ILogger log, string admin, int count, string root);

    [LoggerMessage(3, LogLevel.Warning, "Admin {Admin} permanently deleted {Count} row(s) of {Root}, {Rows} rows in all, in {Milliseconds} ms")]
    public static partial void Deleted(ILogger log, string admin, int count, string root, long rows, long milliseconds);

    [LoggerMessage(4, LogLevel.Warning, "A sign-in failed from {Address}")]
    public static partial void SignInFailed(ILogger log, System.Net.IPAddress? address);

    [LoggerMessage(5, LogLevel.Information, "Admin {Admin} signed in")]
    public static partial void SignedIn(ILogger log, string admin);

    [LoggerMessage(6, LogLevel.Warning, "Admin {Admin} created the account {Name}")]
    public static partial void AccountCreated(ILogger log, string admin, string name);

    [LoggerMessage(7, LogLevel.Warning, "Admin {Admin} deleted the account {Id}")]
    public static partial void AccountDeleted(ILogger log, string admin, long id);

    [LoggerMessage(8, LogLevel.Warning, "Admin {Admin} changed the password of account {Id}")]
    public static partial void PasswordChanged(ILogger log, string admin, long id);

    [LoggerMessage(9, LogLevel.Error, "{Method} {Path} was answered with {Status}: {Exception}")]
    public static partial void Failed(ILogger log, string method, string path, int status, string exception);

    [LoggerMessage(10, LogLevel.Error, "{Method} {Path} was answered with {Status}: {Reason} [{Code}]")]
    public static partial void Refused(ILogger log, string method, string path, int status, string reason, string code);

    [LoggerMessage(11, LogLevel.Warning, "Admin {Admin} asked for the permanent deletion of {Count} row(s) of {Root}; it is committed, or may be: {Code}")]
    public static partial void DeletedWithTrouble(ILogger log, string admin, int count, string root, string code);
}
