using Expunge.Catalog;
using Expunge.Postgres;

namespace Expunge.Tests.Schemas;

/// <summary>What the policy's deletion does to rows in memory, whatever the order of triggers: nothing of the code under test but the list of foreign keys.</summary>
internal sealed class DeletionModel(CatalogSnapshot catalog, DatabaseRows rows)
{
    public Dictionary<QualifiedName, long> Deleted { get; } = [];

    public Dictionary<QualifiedName, long> Updated { get; } = [];

    /// <summary>Whether rows stay that refer to a deleted one by NO ACTION or RESTRICT, or by SET NULL on a column that is NOT NULL.</summary>
    public bool Blocked { get; private set; }

    public void Delete(DatabaseRows.Row subject)
    {
        var gone = new HashSet<DatabaseRows.Row> { subject };
        var cascades = catalog.ForeignKeys.Where(f => f.OnDelete == ReferentialAction.Cascade).ToList();
        for (var before = 0; before < gone.Count;)
        {
            before = gone.Count;
            gone.UnionWith(cascades.SelectMany(f => Referring(f, gone)).ToList());
        }

        var set = catalog.ForeignKeys.Where(f => f.OnDelete is ReferentialAction.SetNull or ReferentialAction.SetDefault)
            .SelectMany(f => Referring(f, gone).Where(r => !gone.Contains(r)).Select(r => (Columns: f.SetColumns.IsEmpty ? f.Columns : f.SetColumns, Row: r)))
            .GroupBy(s => s.Row, s => s.Columns, (row, columns) => (Row: row, Columns: columns.SelectMany(c => c).ToList())).ToList();
        Blocked = catalog.ForeignKeys.Where(f => f.OnDelete is ReferentialAction.NoAction or ReferentialAction.Restrict).Any(f => Referring(f, gone).Any(r => !gone.Contains(r)))
            || set.Exists(s => s.Columns.Exists(c => s.Row.Leaf.Column(c)!.NotNull));
        if (Blocked) return;
        foreach (var (row, columns) in set) rows.Change(row, columns.Select(c => (c, (string?)null)));
        foreach (var row in gone) rows.Remove(row);
        Count(gone, Deleted);
        Count(set.Select(s => s.Row), Updated);
    }

    private void Count(IEnumerable<DatabaseRows.Row> of, Dictionary<QualifiedName, long> counts)
    {
        foreach (var table in of.GroupBy(r => catalog.AncestorsOf(r.Leaf).LastOrDefault(r.Leaf).Name)) counts[table.Key] = table.Count();
    }

    private IEnumerable<DatabaseRows.Row> Referring(ForeignKey key, HashSet<DatabaseRows.Row> gone)
    {
        var keys = rows.Of(key.ReferencedTable).Where(gone.Contains).Select(p => key.ReferencedColumns.Select(c => p[c]).ToList()).ToList();
        return rows.Of(key.Table).Where(r => keys.Exists(k => r.Has(key.Columns, k)));
    }
}
