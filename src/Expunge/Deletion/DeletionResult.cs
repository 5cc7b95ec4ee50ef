using System.Collections.Immutable;

namespace Expunge.Deletion;

/// <summary>What a deletion did.</summary>
/// <param name="Deleted">The keys of the deleted subjects, as text.</param>
/// <param name="NotFound">The keys that did not exist.</param>
/// <param name="Lines">Per table, exact.</param>
/// <param name="Method">How the rows were counted.</param>
/// <param name="ResidualChecked">How many references were searched for rows that are left; each had none.</param>
/// <param name="Elapsed">From the first lock to the commit.</param>
public sealed record DeletionResult(ImmutableArray<string> Deleted, ImmutableArray<string> NotFound, ImmutableArray<DeletionLine> Lines, string Method, int ResidualChecked, TimeSpan Elapsed)
{
    /// <summary>The keys that exist and were no longer marked, where only marked ones were to be deleted.</summary>
    public ImmutableArray<string> Unmarked { get; init; } = [];

    /// <summary>The keys that were passed over because another transaction holds their rows, where that was asked for.</summary>
    internal ImmutableArray<string> Busy { get; init; } = [];

    /// <summary>All rows that were deleted.</summary>
    public long TotalDeleted => Lines.Sum(l => l.Deleted);
}
