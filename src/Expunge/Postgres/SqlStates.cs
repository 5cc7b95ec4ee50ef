namespace Expunge.Postgres;

/// <summary>The SQLSTATEs that Expunge acts on (PostgreSQL docs, Appendix A).</summary>
internal static class SqlStates
{
    public const string ForeignKeyViolation = "23503";

    // RESTRICT's own from PostgreSQL 18; before, it is the one above.
    public const string RestrictViolation = "23001";
    public const string CheckViolation = "23514";
    public const string NotNullViolation = "23502";
    public const string InvalidPassword = "28P01";
    public const string InvalidAuthorization = "28000";
    public const string DatabaseMissing = "3D000";
    public const string DeadlockDetected = "40P01";
    public const string SerializationFailure = "40001";
    public const string InsufficientPrivilege = "42501";
    public const string UndefinedTable = "42P01";
    public const string UndefinedColumn = "42703";
    public const string LockNotAvailable = "55P03";
    // Whole classes: the server is out of something, is stopping, or the connection is broken. Trying again can help.
    public static bool IsServerTrouble(string state) => state[..2] is "08" or "53" or "58" || state.StartsWith("57P", StringComparison.Ordinal) || state is QueryCanceled;

    public const string QueryCanceled = "57014";
    public const string InvalidText = "22P02";
    public const string NumericOutOfRange = "22003";
}
