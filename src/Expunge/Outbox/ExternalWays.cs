using System.Collections.Immutable;
using Expunge.Catalog;
using Expunge.Policy;

namespace Expunge.Outbox;

/// <summary>Which rows must be followed to find all that have external values. Pure.</summary>
internal static class ExternalWays
{
    /// <summary>The same with only those references that lead towards a table with external columns: where one does, every way into its table does.</summary>
    public static Decisions Only(Decisions decisions)
    {
        var leading = new HashSet<Decision>();
        var tables = Columns(decisions).Keys.ToHashSet();
        for (var before = -1; before < leading.Count;)
        {
            before = leading.Count;
            foreach (var decision in decisions.All.Where(d => d.Deletes && Leads(d.Reference.Table)))
            {
                if (leading.Add(decision)) tables.UnionWith(Leaves(decisions, decision.Reference.ReferencedTable));
            }
        }

        return decisions with { All = [.. decisions.All.Where(leading.Contains)], SoftReferences = [.. decisions.SoftReferences.Where(s => Leads(s.Table))] };

        bool Leads(Table table) => Leaves(decisions, table).Any(tables.Contains);
    }

    /// <summary>The external columns of each table that holds rows, by its oid.</summary>
    public static Dictionary<uint, ImmutableArray<ExternalColumn>> Columns(Decisions decisions) => decisions.External
        .SelectMany(e => Leaves(decisions, e.Table).Select(l => (Leaf: l, Column: e)))
        .GroupBy(e => e.Leaf, e => e.Column)
        // A partition and the table above it may both be named.
        .ToDictionary(g => g.Key, g => g.DistinctBy(c => c.Column.Name).ToImmutableArray());

    private static IEnumerable<uint> Leaves(Decisions decisions, Table table) => decisions.Catalog.LeavesOf(table).Select(t => t.Oid);
}
