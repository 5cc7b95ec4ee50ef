namespace Expunge.Deletion;

/// <summary>A deletion that the workers are to carry out.</summary>
/// <param name="Id">Its number.</param>
/// <param name="State">Where it stands.</param>
/// <param name="QueuedAt">When it was given to them.</param>
/// <param name="QuietFor">How long the session that is at work on it has not begun or ended a statement; null where none is.</param>
public sealed record QueuedDeletion(long Id, DeletionState State, DateTimeOffset QueuedAt, TimeSpan? QuietFor)
{
    /// <summary>Whether nothing is left to be done.</summary>
    public bool IsOver => State.IsOver();

    /// <summary>Whether it is to go on, and nobody is at work on it.</summary>
    public bool IsForsaken => State is DeletionState.Pending or DeletionState.Running && QuietFor is null;
}
