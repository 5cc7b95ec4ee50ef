using System.Collections.Immutable;

namespace Expunge.Deletion;

/// <summary>What a deletion would do, counted and not guessed, in one snapshot; nothing was locked.</summary>
/// <param name="Subjects">The keys that exist, as text, without duplicates.</param>
/// <param name="NotFound">The keys that do not.</param>
/// <param name="Lines">Per table, the root first; tables without such rows are left out.</param>
/// <param name="Blockers">What stands in the way; empty when nothing does.</param>
public sealed record DeletionEstimate(ImmutableArray<string> Subjects, ImmutableArray<string> NotFound, ImmutableArray<DeletionLine> Lines, ImmutableArray<Blocker> Blockers)
{
    /// <summary>All rows that would be deleted.</summary>
    public long TotalDeleted => Lines.Sum(l => l.Deleted);

    /// <summary>All rows that would stay and lose a reference.</summary>
    public long TotalUpdated => Lines.Sum(l => l.Updated);
}
