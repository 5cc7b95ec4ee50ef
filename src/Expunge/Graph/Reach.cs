using System.Collections.Frozen;
using System.Collections.Immutable;
using Expunge.Catalog;

namespace Expunge.Graph;

/// <summary>What the deletion of a root row deletes, as a set of tables with the references that lead there. Pure: no I/O.</summary>
public sealed record Reach
{
    private readonly FrozenDictionary<uint, ReachedTable> _byOid;

    private Reach(Table root, ImmutableArray<ReachedTable> tables, ImmutableArray<Reference> references)
    {
        _byOid = tables.ToFrozenDictionary(t => t.Table.Oid);
        Root = root;
        Tables = tables;
        References = references;
    }

    /// <summary>The root table.</summary>
    public Table Root { get; }

    /// <summary>The tables that lose rows, the root first, then by depth and name.</summary>
    public ImmutableArray<ReachedTable> Tables { get; }

    /// <summary>Every reference to a table that loses rows, whatever it does: those that delete, those that set, those that block. By depth and name.</summary>
    public ImmutableArray<Reference> References { get; }

    /// <summary>The table's place in the reach, or null.</summary>
    /// <param name="table">The table.</param>
    public ReachedTable? Find(Table table) => _byOid.GetValueOrDefault(table.Oid);

    /// <summary>Follows the references from the root, breadth first.</summary>
    /// <param name="graph">All references.</param>
    /// <param name="root">The root table.</param>
    /// <param name="deletes">Whether a deleted row deletes the rows that refer to it by this reference; where not, the reach ends there.</param>
    /// <param name="softReferences">Columns by which rows are deleted with the root's although they have no foreign key; none by default.</param>
    public static Reach Of(ReferenceGraph graph, Table root, Func<Reference, bool> deletes, IReadOnlyCollection<(Table Table, string Column)>? softReferences = null)
    {
        softReferences ??= [];
        var depth = new Dictionary<uint, (Table Table, int Depth)> { [root.Oid] = (root, 0) };
        var via = new Dictionary<uint, List<Reference>> { [root.Oid] = [] };
        var references = new List<(Reference Reference, int Depth)>();
        var seen = new HashSet<Reference>();
        var queue = new Queue<Table>([root]);
        foreach (var (soft, _) in softReferences)
        {
            if (!depth.TryAdd(soft.Oid, (soft, 1))) continue;
            via[soft.Oid] = [];
            queue.Enqueue(soft);
        }

        while (queue.TryDequeue(out var table))
        {
            var next = depth[table.Oid].Depth + 1;
            foreach (var reference in graph.To(table))
            {
                if (!seen.Add(reference)) continue;
                references.Add((reference, next));
                if (!deletes(reference)) continue;
                if (depth.TryAdd(reference.Table.Oid, (reference.Table, next)))
                {
                    via[reference.Table.Oid] = [];
                    queue.Enqueue(reference.Table);
                }

                via[reference.Table.Oid].Add(reference);
            }
        }

        // The different ways in, of all that shares rows with a table: its partitions and the partitioned tables above it.
        var ways = via.Values.SelectMany(v => v).Select(r => (Tree: graph.TreeOf(r.Table), Columns: string.Join('\0', r.Columns.Order(StringComparer.Ordinal))))
            .Concat(softReferences.Select(s => (Tree: graph.TreeOf(s.Table), Columns: s.Column))).Append((Tree: graph.TreeOf(root), Columns: ""))
            .Distinct().CountBy(w => w.Tree).Where(w => w.Value > 1).Select(w => w.Key).ToHashSet();
        return new Reach(
            root,
            [.. depth.Values.OrderBy(t => t.Depth).ThenBy(t => t.Table.Name).Select(t => new ReachedTable(t.Table, t.Depth, [.. via[t.Table.Oid]], ways.Contains(graph.TreeOf(t.Table))))],
            [.. references.OrderBy(r => r.Depth).ThenBy(r => r.Reference.Table.Name).ThenBy(r => r.Reference.Constraints[0].Name, StringComparer.Ordinal).Select(r => r.Reference)]);
    }

    /// <summary>How far from the root the referenced table is: 1 for a direct reference, 2 for a reference to a table with a direct one.</summary>
    /// <param name="reference">A reference of <see cref="References"/>.</param>
    public int DepthOf(Reference reference) => 1 + (Find(reference.ReferencedTable)?.Depth ?? 0);

    /// <summary>The shortest way from a table to the root, the table's own reference first; empty for the root, and ends at the table of a soft reference.</summary>
    /// <param name="table">A table of the reach.</param>
    public ImmutableArray<Reference> PathFrom(Table table)
    {
        var path = ImmutableArray.CreateBuilder<Reference>();
        for (var at = Find(table); at is { Depth: > 0 };)
        {
            var step = at.Via.Where(r => Find(r.ReferencedTable) is { } up && up.Depth < at.Depth).MinBy(r => Find(r.ReferencedTable)!.Depth);
            if (step is null) break;
            path.Add(step);
            at = Find(step.ReferencedTable);
        }

        return path.ToImmutable();
    }
}
