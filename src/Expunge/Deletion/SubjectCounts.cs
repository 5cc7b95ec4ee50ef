namespace Expunge.Deletion;

/// <summary>How many subjects of a deletion are where.</summary>
/// <param name="Pending">Not begun.</param>
/// <param name="Deleted">Deleted with everything that is theirs.</param>
/// <param name="NotFound">Did not exist.</param>
/// <param name="Unmarked">Were to be deleted because they were marked, and no longer are.</param>
/// <param name="Failed">Could not be deleted.</param>
/// <param name="Cancelled">Stay, because the deletion was cancelled.</param>
public sealed record SubjectCounts(long Pending, long Deleted, long NotFound, long Unmarked, long Failed, long Cancelled)
{
    /// <summary>All.</summary>
    public long Total => Pending + Deleted + NotFound + Unmarked + Failed + Cancelled;
}
