using System.Collections.Immutable;
using Expunge.Catalog;
using Expunge.Graph;
using Expunge.Policy;

namespace Expunge.Pictures;

/// <summary>
/// What all pictures show: the tables that a deletion of a root row concerns and the references between them, as they are and as they are to be. Pure, and the same for the same catalog and policy.
/// </summary>
public sealed record Picture
{
    private Picture(ImmutableArray<PictureTable> tables, ImmutableArray<PictureReference> references)
    {
        Tables = tables;
        References = references;
    }

    /// <summary>The <see cref="PictureTable.Name"/> of the root.</summary>
    public string Root => Tables[0].Name;

    /// <summary>The tables, the root first, then by depth and name.</summary>
    public ImmutableArray<PictureTable> Tables { get; }

    /// <summary>The references, each once, by the depth of the table that they lead to, table and columns. Both its tables are in <see cref="Tables"/>.</summary>
    public ImmutableArray<PictureReference> References { get; }

    /// <summary>Makes the picture of a policy that is held against a catalog.</summary>
    /// <param name="decisions">The decisions.</param>
    public static Picture Of(Decisions decisions)
    {
        var reached = decisions.Reach.Tables.ToDictionary(t => t.Table.Oid);
        var edges = decisions.All.Select(d => (Child: d.Reference.Table, Parent: Parent(d.Reference), Edge: Edge(d, Parent(d.Reference), decisions)))
            .Concat(decisions.SoftReferences.Select(s => (Child: s.Table, Parent: reached[decisions.Reach.Root.Oid], Edge: Edge(s, decisions.Reach.Root))))
            .OrderBy(e => e.Parent.Depth).ThenBy(e => e.Child.Name).ThenBy(e => string.Join('\0', e.Edge.Columns), StringComparer.Ordinal).ThenBy(e => e.Edge.ReferencedTable, StringComparer.Ordinal).ToList();
        var tables = reached.Values.Concat(edges.Where(e => !reached.ContainsKey(e.Child.Oid)).GroupBy(e => e.Child).Select(g => new ReachedTable(g.Key, 1 + g.Min(e => e.Parent.Depth), [], IsShared: false)));
        return new Picture(
            [.. tables.OrderBy(t => t.Depth).ThenBy(t => t.Table.Name).Select(t => new PictureTable(t.Table.Name.ToString(), t.Table.Name.Display(decisions.Schema), t.Depth, reached.ContainsKey(t.Table.Oid), t.IsShared))],
            [.. edges.Select(e => e.Edge)]);

        // A foreign key can name a partition, or the partitioned table above, of the table that was reached: they share their rows (ReferenceGraph.To).
        ReachedTable Parent(Reference reference) => decisions.Catalog.AncestorsOf(reference.ReferencedTable).Concat(decisions.Catalog.PartitionsOf(reference.ReferencedTable))
            .Prepend(reference.ReferencedTable).Where(t => reached.ContainsKey(t.Oid)).Select(t => reached[t.Oid]).MinBy(t => t.Depth)!;
    }

    private static PictureReference Edge(Decision decision, ReachedTable parent, Decisions decisions)
    {
        var reference = decision.Reference;
        return new PictureReference
        {
            Table = reference.Table.Name.ToString(),
            ReferencedTable = parent.Table.Name.ToString(),
            Through = parent.Table.Oid == reference.ReferencedTable.Oid ? null : reference.ReferencedTable.Name.ToString(),
            Columns = reference.Columns,
            ReferencedColumns = reference.ReferencedColumns,
            Constraints = [.. reference.Constraints.Select(f => new PictureConstraint(f.Name, f.DeleteRule, f.Validated, f.Enforced, !f.HasDisabledTriggers))],
            Action = decision.Action,
            ReassignTo = decision.ReassignTo,
            Wanted = decision.Wanted.DeleteRule,
            Reason = decision.Reason,
            Deletes = decision.Deletes,
            Blocks = decision.Action != PolicyAction.Reassign && reference.Constraints.Any(f => f.Fires(ForeignKeyEvent.ReferencedRowDeleted) && f.OnDelete != ReferentialAction.Cascade && !reference.CanBeSet(f.OnDelete, f.SetColumns)),
            IsAsPolicy = decision.IsFulfilled && !reference.Constraints.Any(f => f.HasDisabledTriggers),
            IsUndecided = decisions.Undecided.Contains(decision),
            HasIndex = reference.HasIndex,
        };
    }

    private static PictureReference Edge(SoftReference soft, Table root) => new()
    {
        Table = soft.Table.Name.ToString(),
        ReferencedTable = root.Name.ToString(),
        Columns = [soft.Column.Name],
        ReferencedColumns = root.PrimaryKey,
        Action = PolicyAction.Cascade,
        Wanted = soft.Enforce ? ReferentialAction.Cascade.ToSql() : null,
        Deletes = true,
        IsAsPolicy = !soft.Enforce,
        HasIndex = soft.HasIndex,
    };
}
