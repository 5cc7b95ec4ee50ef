using Expunge.Receipts;

namespace Expunge.Deletion;

/// <summary>How a deletion is carried out, and how it makes way for others.</summary>
public sealed record DeletionOptions
{
    /// <summary>How long one transaction should take: batches grow and shrink to it. Default 100 ms.</summary>
    public TimeSpan Target { get; init; } = TimeSpan.FromMilliseconds(100);

    /// <summary>How far a streaming standby may be behind when the next transaction begins; the deletion waits for it as long as it takes. Default 5 s.</summary>
    public TimeSpan MaxLag { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>
    /// How long a statement may wait for a lock: whoever waits for a row that the transaction has already locked waits that long, too. Then it is rolled back and tried again, five times in all. Default 3 s.
    /// </summary>
    public TimeSpan MaxLockWait { get; init; } = TimeSpan.FromSeconds(3);

    /// <summary>How many rows may be deleted or set in a second, on average; null (the default) for as many as possible.</summary>
    public int? Rate { get; init; }

    /// <summary>Whether every subject is deleted in chunks, and of a few rows each, whatever it has: tests hold the two ways against each other.</summary>
    internal bool AlwaysInChunks { get; init; }

    /// <summary>Since when a transaction of others must be open to be named: whoever is open keeps the dead rows of all chunks, and the last step of a whale has to pass them.</summary>
    internal TimeSpan LongOpen { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>Hashes the subjects and signs the receipt; null, the default, for an unsigned receipt without subjects.</summary>
    public SigningKey? SigningKey { get; init; }

    /// <summary>Told after each transaction, and when it waits; called on the thread that deletes.</summary>
    public IProgress<DeletionProgress>? Progress { get; init; }
}
