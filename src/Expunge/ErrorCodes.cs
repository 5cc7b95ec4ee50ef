namespace Expunge;

/// <summary>Every code that an <see cref="ExpungeException"/> or a finding carries. Each has its entry in docs/errors.md.</summary>
public static class ErrorCodes
{
    /// <summary>The command line is not understood or lacks something.</summary>
    public const string Usage = "EXP1001";

    /// <summary>The server can't be reached or refuses the login.</summary>
    public const string CannotConnect = "EXP1002";

    /// <summary>The server is older than PostgreSQL 14.</summary>
    public const string ServerTooOld = "EXP1003";

    /// <summary>The server is a standby: nothing can be changed there.</summary>
    public const string ServerIsStandby = "EXP1004";

    /// <summary>The connection goes through a transaction pooler, where session locks and settings are lost.</summary>
    public const string TransactionPooler = "EXP1005";

    /// <summary>The database uses Citus, which is not supported yet.</summary>
    public const string CitusDetected = "EXP1006";

    /// <summary>The connection string or URI is not understood.</summary>
    public const string BadConnectionString = "EXP1007";

    /// <summary>The policy file can't be read, or something in it is wrong.</summary>
    public const string PolicyInvalid = "EXP1101";

    /// <summary>The policy file does not exist.</summary>
    public const string PolicyNotFound = "EXP1102";

    /// <summary>The root table does not exist or has no usable key.</summary>
    public const string RootNotFound = "EXP1103";

    /// <summary>A file that a command would write exists already.</summary>
    public const string FileExists = "EXP1104";

    /// <summary>A confirmation is needed, and there is neither a terminal nor <c>--yes</c>.</summary>
    public const string NeedsConfirmation = "EXP1105";

    /// <summary>An id is not of the type of the root's key.</summary>
    public const string BadId = "EXP1106";

    /// <summary>The policy names no column that marks a subject for deletion.</summary>
    public const string NoMarkColumn = "EXP1107";

    /// <summary>A condition on the subjects is not one on the root alone, or no condition at all.</summary>
    public const string BadCondition = "EXP1108";

    /// <summary>More subjects than the policy allows in one deletion.</summary>
    public const string TooManySubjects = "EXP1109";

    /// <summary>A schema file holds no schema.</summary>
    public const string SchemaUnreadable = "EXP1111";

    /// <summary>The policy file is written in a way that nothing can be added to.</summary>
    public const string PolicyNotAddable = "EXP1110";

    /// <summary>No pg_dump, or one older than the server.</summary>
    public const string PgDumpUnusable = "EXP1201";

    /// <summary>No PostgreSQL server binaries could be found or installed.</summary>
    public const string NoServerBinaries = "EXP1202";

    /// <summary>The role lacks a right that the command needs.</summary>
    public const string MissingRight = "EXP1301";

    /// <summary>The journal would join a publication FOR ALL TABLES.</summary>
    public const string JournalPublished = "EXP1302";

    /// <summary>The policy changed under a revision that is already applied.</summary>
    public const string PolicyChanged = "EXP1303";

    /// <summary>An account's name or password can't be one.</summary>
    public const string BadAccount = "EXP1401";

    /// <summary>The server's address can't be listened on.</summary>
    public const string CannotListen = "EXP1402";

    /// <summary>The server's configuration has a key that does not exist, or a value that can't be.</summary>
    public const string BadConfiguration = "EXP1403";

    /// <summary>A key can't be read, or is none of the kind that signs or verifies receipts.</summary>
    public const string SigningKeyInvalid = "EXP1501";

    /// <summary>A signing key's file is open to others.</summary>
    public const string SigningKeyExposed = "EXP1502";

    /// <summary>A file is no receipt.</summary>
    public const string NotAReceipt = "EXP1503";

    /// <summary>Events of the outbox can't be delivered there at all: the program, file, address or secret is unusable.</summary>
    public const string ReceiverUnusable = "EXP1504";

    /// <summary>Another run of Expunge is at work on this database.</summary>
    public const string AnotherRun = "EXP2001";

    /// <summary>A lock could not be had within the time allowed.</summary>
    public const string LockNotAvailable = "EXP2002";

    /// <summary>The policy leaves shared references undecided.</summary>
    public const string Undecided = "EXP2003";

    /// <summary>A constraint is no longer as the plan or the journal has it.</summary>
    public const string ConstraintChanged = "EXP2004";

    /// <summary>Rows violate the foreign key: their parent is gone.</summary>
    public const string OrphanRows = "EXP2005";

    /// <summary>The policy requires a recent backup and there is none.</summary>
    public const string BackupRequired = "EXP2006";

    /// <summary>A downgrade was interrupted and must be finished first.</summary>
    public const string DowngradeUnfinished = "EXP2007";

    /// <summary>The server refused a step.</summary>
    public const string StepFailed = "EXP2008";

    /// <summary>The connection broke, or the server ended it, while a revision was applied or reverted.</summary>
    public const string ConnectionLost = "EXP2009";

    /// <summary>A reference blocks the deletion.</summary>
    public const string DeletionBlocked = "EXP2101";

    /// <summary>Rows of the subject are left after the deletion; it was rolled back.</summary>
    public const string Residue = "EXP2102";

    /// <summary>The session could delete without the constraints being upheld.</summary>
    public const string UnsafeSession = "EXP2103";

    /// <summary>The deletion is committed, and another transaction wrote rows of the subject in the same moment, or the look for such rows failed.</summary>
    public const string LateRows = "EXP2104";

    /// <summary>The server refused the deletion.</summary>
    public const string DeletionFailed = "EXP2105";

    /// <summary>The deletion would take subjects along that were not named; it was rolled back.</summary>
    public const string OtherSubjects = "EXP2106";

    /// <summary>The connection broke at the commit: whether the deletion is committed is not known.</summary>
    public const string CommitUnknown = "EXP2107";

    /// <summary>The server ended the work for a reason of its own: a shutdown, no memory or disk, its time limit. It was rolled back.</summary>
    public const string ServerGaveUp = "EXP2108";

    /// <summary>There is no such deletion.</summary>
    public const string DeletionNotFound = "EXP2109";

    /// <summary>The deletion is not in a state in which that can be done.</summary>
    public const string DeletionState = "EXP2110";

    /// <summary>The idempotency key was used for other subjects.</summary>
    public const string IdempotencyKeyUsed = "EXP2111";

    /// <summary>The subject that takes the rows which the policy reassigns does not exist, or is to be deleted itself.</summary>
    public const string NoHeir = "EXP2112";

    /// <summary>No index finds the rows of a reference, so that each deletion would read the whole table.</summary>
    public const string MissingIndex = "EXP2113";

    /// <summary>The guard refuses, or warns of, a foreign key that is not as the policy says. The event trigger writes it.</summary>
    public const string GuardRefused = "EXP2501";

    /// <summary>A probe would fire triggers that reach outside the database.</summary>
    public const string ProbeReachesOutside = "EXP2510";

    /// <summary>The server refused a probe.</summary>
    public const string ProbeFailed = "EXP2511";

    /// <summary>A list or a search of subjects took too long.</summary>
    public const string SearchTooSlow = "EXP2201";

    /// <summary>There is no subject with that key.</summary>
    public const string SubjectNotFound = "EXP2204";

    /// <summary>The root or one of its columns was renamed or dropped since it was read.</summary>
    public const string SubjectTableChanged = "EXP2202";

    /// <summary>The server refused a list of subjects, or a marking.</summary>
    public const string SubjectsRefused = "EXP2203";

    /// <summary>An account with that name exists, or the super admin does.</summary>
    public const string AccountExists = "EXP2301";

    /// <summary>There is no such account.</summary>
    public const string AccountNotFound = "EXP2302";

    /// <summary>An account was changed in the same moment.</summary>
    public const string AccountChanged = "EXP2304";

    /// <summary>The super admin can't be deleted.</summary>
    public const string SuperAdminStays = "EXP2303";

    /// <summary>Other rows were deleted than those whose external values were captured; it was rolled back.</summary>
    public const string ExternalChanged = "EXP2401";

    /// <summary>Nothing tells whether all external values were captured: track_counts is off.</summary>
    public const string ExternalUncounted = "EXP2402";

    /// <summary>An event of the outbox is not there, or not in a state in which that can be done.</summary>
    public const string OutboxEventState = "EXP2403";

    /// <summary>Orphans can't be set to NULL: a column is NOT NULL.</summary>
    public const string OrphansNotNull = "EXP2502";

    /// <summary>Deleting orphans would lose values of external columns.</summary>
    public const string OrphansExternal = "EXP2503";

    /// <summary>Orphans that can't be deleted or set: other rows or a constraint are in the way, or they must not be.</summary>
    public const string OrphansBlocked = "EXP2504";
}
