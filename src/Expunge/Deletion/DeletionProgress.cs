namespace Expunge.Deletion;

/// <summary>How far a run of a deletion is.</summary>
/// <param name="Done">How many subjects are done with: deleted, not found, unmarked or failed.</param>
/// <param name="Total">How many there are.</param>
/// <param name="Rows">How many rows this run has deleted or set.</param>
/// <param name="Note">What it waits for, or what makes it slow; null where nothing does.</param>
public sealed record DeletionProgress(long Done, long Total, long Rows, string? Note);
