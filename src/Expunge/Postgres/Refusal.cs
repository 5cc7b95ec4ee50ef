using Npgsql;

namespace Expunge.Postgres;

/// <summary>Says why the server refused a transaction on subjects. Of the server's words only the message: its DETAIL holds the values of rows.</summary>
internal static class Refusal
{
    /// <param name="e">The server's refusal.</param>
    /// <param name="code">The code where it is none of the usual reasons.</param>
    /// <param name="what">What was refused, such as <c>the deletion</c>.</param>
    /// <param name="unchanged">Such as <c>Nothing was deleted</c>.</param>
    public static ExpungeException Of(PostgresException e, string code, string what, string unchanged) => e.SqlState switch
    {
        SqlStates.LockNotAvailable or SqlStates.DeadlockDetected or SqlStates.SerializationFailure => new(
            ErrorCodes.LockNotAvailable, "The rows are locked by another transaction.", $"Try again when it has ended. {unchanged}.", e),
        _ when SqlStates.IsServerTrouble(e.SqlState) => new(
            ErrorCodes.ServerGaveUp, $"The server gave {what} up: {e.MessageText} (SQLSTATE {e.SqlState}).", $"Try again when it is well. {unchanged}.", e),
        SqlStates.InsufficientPrivilege => new(
            ErrorCodes.MissingRight, $"This role may not do that: {e.MessageText}.", $"Grant it the right, or connect as another role. {unchanged}.", e),
        _ => new(
            code, $"PostgreSQL refused {what}: {e.MessageText} (SQLSTATE {e.SqlState}{(e.TableName is null ? "" : $", table {e.TableName}")}).", $"Correct that and try again. {unchanged}.", e),
    };
}
