namespace Expunge.Revisions;

/// <summary>The words of revisions, for the command line and the dashboard alike.</summary>
public static class RevisionWords
{
    /// <summary>The state, and the command that ends one that was interrupted.</summary>
    /// <param name="state">The state.</param>
    public static string Words(this RevisionState state) => state switch
    {
        RevisionState.Applying => "interrupted while applying: run expunge upgrade",
        RevisionState.Incomplete => "applied in part: run expunge upgrade",
        RevisionState.Applied => "applied",
        RevisionState.Reverting => "interrupted while reverting: run expunge downgrade -1",
        _ => "reverted",
    };

    /// <summary>What the steps of a phase do, and who waits for them.</summary>
    /// <param name="phase">The <see cref="Step.Phase"/>.</param>
    public static string OfPhase(string phase) => phase switch
    {
        "index" => "1 · index: built concurrently; nobody waits for it, it waits for transactions that are older",
        "swap" => "2 · swap: the constraint is replaced NOT VALID; new rows are checked throughout",
        "validate" => "3 · validate: existing rows are checked while the application reads and writes",
        _ => "4 · partitions: prepared one by one, then attached in one short transaction",
    };

    /// <summary>The locks of a step, each mode once: <c>ACCESS EXCLUSIVE for ms</c>.</summary>
    /// <param name="step">The step.</param>
    public static string OfLocks(Step step) => string.Join(", ", step.Locks.DistinctBy(l => l.Mode).Select(l => l.HeldWhileScanning ? l.Mode : $"{l.Mode} for ms"));
}
