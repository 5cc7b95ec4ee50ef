using Microsoft.Extensions.Logging;

namespace Expunge.Server;

/// <summary>Everything that the server writes to its log. No secrets, no personal data: users are counted, not named.</summary>
internal static partial class Log
{
    [LoggerMessage(1, LogLevel.Information, "Admin {Admin} marked {Count} row(s) of {Root} for deletion")]
    public static partial void Marked(ILogger log, string admin, int count, string root);

    [LoggerMessage(2, LogLevel.Information, "Admin {Admin} unmarked {Count} row(s) of {Root}")]
    public static partial void Unmarked(ILogger log, string admin, int count, string root);

    [LoggerMessage(3, LogLevel.Warning, "Admin {Admin} asked for the permanent deletion of {Count} row(s) of {Root}: deletion {Id}")]
    public static partial void DeletionRequested(ILogger log, string admin, int count, string root, long id);

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

    [LoggerMessage(9, LogLevel.Error, "{Method} {Route} was answered with {Status}: {Exception}")]
    public static partial void Failed(ILogger log, string method, string route, int status, string exception);

    [LoggerMessage(10, LogLevel.Error, "{Method} {Route} was answered with {Status}: {Reason} [{Code}]")]
    public static partial void Refused(ILogger log, string method, string route, int status, string reason, string code);

    [LoggerMessage(12, LogLevel.Information, "Deletion {Id} ended: {State}; {Deleted} deleted, {Failed} failed, {Rows} rows, {Milliseconds} ms")]
    public static partial void DeletionEnded(ILogger log, long id, string state, long deleted, long failed, long rows, long milliseconds);

    [LoggerMessage(13, LogLevel.Warning, "Deletion {Id} is left to whoever works on: {Reason}")]
    public static partial void DeletionLeft(ILogger log, long id, string reason);

    [LoggerMessage(14, LogLevel.Error, "Deletion {Id} is paused: {Reason}")]
    public static partial void DeletionHeld(ILogger log, long id, string reason);

    [LoggerMessage(15, LogLevel.Error, "Deletion {Id} is paused, because the server made a mistake: {Mistake}")]
    public static partial void DeletionBroke(ILogger log, long id, string mistake);

    [LoggerMessage(16, LogLevel.Warning, "Deletion {Id} has given no sign of life for {Minutes} minutes")]
    public static partial void DeletionStuck(ILogger log, long id, long minutes);

    [LoggerMessage(17, LogLevel.Warning, "Deletion {Id} is of {Count} row(s) of {Root} whose grace period is over")]
    public static partial void PurgeBegun(ILogger log, long id, int count, string root);

    [LoggerMessage(18, LogLevel.Error, "What is marked is not deleted: {Reason} {NextStep} [{Code}]")]
    public static partial void PurgeRefused(ILogger log, string reason, string nextStep, string code);

    [LoggerMessage(19, LogLevel.Information, "Outbox: {Delivered} delivered, {Failed} failed, {Dead} dead")]
    public static partial void OutboxDelivered(ILogger log, long delivered, long failed, long dead);

    [LoggerMessage(20, LogLevel.Error, "The outbox is not delivered: {Reason} {NextStep} [{Code}]")]
    public static partial void OutboxRefused(ILogger log, string reason, string nextStep, string code);

    [LoggerMessage(21, LogLevel.Warning, "{Code} {Object}: {Finding} {Repair}")]
    public static partial void Found(ILogger log, string code, string @object, string finding, string repair);

    [LoggerMessage(22, LogLevel.Error, "The constraints can't be verified: {Reason} {NextStep} [{Code}]")]
    public static partial void VerificationRefused(ILogger log, string reason, string nextStep, string code);
}
