using Expunge.Receipts;

namespace Expunge.Deletion;

/// <summary>How a deletion is carried out.</summary>
public sealed record DeletionOptions
{
    /// <summary>How long one transaction should take: batches grow and shrink to it. Default 100 ms.</summary>
    public TimeSpan Target { get; init; } = TimeSpan.FromMilliseconds(100);

    /// <summary>Hashes the subjects and signs the receipt; null, the default, for an unsigned receipt without subjects.</summary>
    public SigningKey? SigningKey { get; init; }

    /// <summary>Told after each batch; called on the thread that deletes.</summary>
    public IProgress<DeletionJob>? Progress { get; init; }
}
