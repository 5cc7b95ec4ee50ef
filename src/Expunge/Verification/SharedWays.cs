using Expunge.Catalog;
using Expunge.Graph;
using Expunge.Policy;

namespace Expunge.Verification;

/// <summary>The ways by which rows of one table can have two subjects. Pure.</summary>
internal static class SharedWays
{
    /// <summary>Each pair of ways through different columns, with the table whose rows have both; none of two that both leave the rows where they are.</summary>
    public static IEnumerable<(Table Table, SharedWay First, SharedWay Second)> Pairs(Decisions decisions)
    {
        var graph = new ReferenceGraph(decisions.Catalog);
        var ways = decisions.All.Select(d => new SharedWay(d.Reference.Table, d.Reference, null))
            .Concat(decisions.SoftReferences.Select(s => new SharedWay(s.Table, null, s)))
            .Prepend(new SharedWay(decisions.Reach.Root, null, null));
        foreach (var tree in ways.GroupBy(w => graph.TreeOf(w.Table)).Select(g => g.ToList()))
        {
            for (var i = 0; i < tree.Count; i++)
            {
                for (var j = i + 1; j < tree.Count; j++)
                {
                    if ((Deletes(tree[i]) || Deletes(tree[j])) && !tree[i].Columns.ToHashSet(StringComparer.Ordinal).SetEquals(tree[j].Columns) && Common(tree[i].Table, tree[j].Table) is { } table) yield return (table, tree[i], tree[j]);
                }
            }
        }

        bool Deletes(SharedWay way) => way.Reference is null || decisions.All.Any(d => d.Reference == way.Reference && d.Deletes);

        // Of a partition and the table above it: the partition.
        Table? Common(Table one, Table other) => one.Oid == other.Oid || decisions.Catalog.AncestorsOf(one).Any(t => t.Oid == other.Oid) ? one
            : decisions.Catalog.AncestorsOf(other).Any(t => t.Oid == one.Oid) ? other : null;
    }
}
