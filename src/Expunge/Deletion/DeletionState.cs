namespace Expunge.Deletion;

/// <summary>Where a deletion stands. docs/deletions.md has the picture.</summary>
public enum DeletionState
{
    /// <summary>Asked for, not begun.</summary>
    Pending,

    /// <summary>Begun; also after a crash, until a run goes on with it.</summary>
    Running,

    /// <summary>Held: a run goes on with it only after it is resumed.</summary>
    Paused,

    /// <summary>Every subject is deleted, or did not exist, or was unmarked meanwhile.</summary>
    Completed,

    /// <summary>At least one subject could not be deleted; the others are.</summary>
    Failed,

    /// <summary>What had not begun stays.</summary>
    Cancelled,
}
