using System.Collections.Immutable;

namespace Expunge.Deletion;

/// <summary>A deletion as it is recorded in the schema <c>expunge</c>.</summary>
/// <param name="Id">Its number.</param>
/// <param name="Root">The table of the subjects.</param>
/// <param name="State">Where it stands.</param>
/// <param name="Reason">Why it is paused or failed; null otherwise.</param>
/// <param name="RequestedBy">Who asked for it.</param>
/// <param name="CreatedAt">When it was asked for.</param>
/// <param name="StartedAt">When the first run began; null before.</param>
/// <param name="FinishedAt">When it ended; null before.</param>
/// <param name="Subjects">How many subjects are where.</param>
/// <param name="Lines">What it has done so far, per table; empty where it stands in a list of deletions.</param>
public sealed record DeletionJob(
    long Id, string Root, DeletionState State, string? Reason, string RequestedBy, DateTimeOffset CreatedAt, DateTimeOffset? StartedAt, DateTimeOffset? FinishedAt, SubjectCounts Subjects, ImmutableArray<DeletionLine> Lines)
{
    /// <summary>How the rows were counted; null before any was deleted.</summary>
    public string? Method { get; init; }

    /// <summary>How many references were searched for rows that are left, in each transaction; each had none.</summary>
    public int ResidualChecked { get; init; }

    /// <summary>From the first run to the end; null before that.</summary>
    public TimeSpan? Elapsed => FinishedAt - StartedAt;

    /// <summary>Whether nothing is left to be done.</summary>
    public bool IsOver => State.IsOver();

    /// <summary>All rows that it has deleted so far, as of the same moment as <see cref="Subjects"/>; the lines of one that runs can be further.</summary>
    public long TotalDeleted { get; init; }
}
