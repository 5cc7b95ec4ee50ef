using Expunge.Policy;

namespace Expunge.Verification;

/// <summary>Materialized views that keep copies of rows that a deletion deletes. Pure.</summary>
internal static class CopyFindings
{
    public static IEnumerable<Finding> Of(Decisions decisions)
    {
        if (decisions.Catalog.MaterializedViews.IsEmpty) yield break;
        // Whoever reads a partition reads rows of the table above it, and the other way round.
        var reached = decisions.Reach.Tables.Select(t => t.Table).SelectMany(t => decisions.Catalog.WithPartitions(t).Concat(decisions.Catalog.AncestorsOf(t))).Select(t => t.Name).ToHashSet();
        var views = decisions.Catalog.MaterializedViews.ToDictionary(v => v.Name);
        foreach (var view in decisions.Catalog.MaterializedViews)
        {
            var copied = view.Reads.Where(reached.Contains).Select(t => t.Display(decisions.Schema)).ToList();
            if (copied.Count == 0) continue;
            // What it reads through must be fresh first. One that is not filled can't be read at all.
            var first = view.Through.Where(views.ContainsKey).Select(name => views[name]).Where(v => v.Reads.Any(reached.Contains));
            yield return new(
                FindingCodes.Copies, FindingSeverity.Warning, view.Name.Display(decisions.Schema), $"this materialized view keeps copies of deleted rows of {string.Join(", ", copied)} until it is refreshed",
                $"after deletions:  {string.Join(" ", first.Append(view).Select(v => $"{v.RefreshSql};"))}");
        }
    }
}
