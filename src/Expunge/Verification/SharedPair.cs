using System.Collections.Immutable;

namespace Expunge.Verification;

/// <summary>Two ways by which the rows of a table are found, and the rows that are one subject's by the first and another's by the second.</summary>
/// <param name="Table">The table, without the root's schema.</param>
/// <param name="First">The first way.</param>
/// <param name="Second">The second way.</param>
/// <param name="IsDecided">Whether the policy leaves neither of them undecided: whatever deletes rows of several subjects is named.</param>
public sealed record SharedPair(string Table, SharedReference First, SharedReference Second, bool IsDecided)
{
    /// <summary>How many rows; null where they were not counted.</summary>
    public long? Rows { get; init; }

    /// <summary>Whether the number is an estimate from a sample. 0 then means: none in the sample.</summary>
    public bool IsEstimate { get; init; }

    /// <summary>Why they were not counted; null where they were.</summary>
    public string? NotCounted { get; init; }

    /// <summary>Some of them, by key.</summary>
    public ImmutableArray<SharedExample> Examples { get; init; } = [];
}
