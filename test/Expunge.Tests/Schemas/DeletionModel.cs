using System.Collections.Immutable;
using Expunge.Catalog;
using Expunge.Postgres;
using Npgsql;

namespace Expunge.Tests.Schemas;

/// <summary>All rows of a database in memory, and what SQL says that a DELETE does to them: nothing of the code under test but the list of foreign keys.</summary>
internal sealed class DeletionModel(CatalogSnapshot catalog, Dictionary<QualifiedName, List<Dictionary<string, string?>>> rows)
{
    private Dictionary<QualifiedName, List<Dictionary<string, string?>>> Rows { get; } = rows;

    public Dictionary<QualifiedName, long> Deleted { get; } = [];

    public Dictionary<QualifiedName, long> Updated { get; } = [];

    /// <summary>Whether rows stay that refer to a deleted one by NO ACTION or RESTRICT, or by SET NULL on a column that is NOT NULL.</summary>
    public bool Blocked { get; private set; }

    public static async Task<DeletionModel> ReadAsync(NpgsqlConnection connection, CatalogSnapshot catalog)
    {
        var rows = new Dictionary<QualifiedName, List<Dictionary<string, string?>>>();
        foreach (var table in catalog.Tables.Where(t => t.PartitionOf is null))
        {
            await using var command = new NpgsqlCommand($"SELECT {string.Join(", ", table.Columns.Select(c => $"{Identifier.Quote(c.Name)}::text"))} FROM {table.Name.Sql}", connection);
            await using var reader = await command.ExecuteReaderAsync();
            rows[table.Name] = [];
            while (await reader.ReadAsync()) rows[table.Name].Add(table.Columns.Select((c, i) => (c.Name, Value: reader.IsDBNull(i) ? null : reader.GetString(i))).ToDictionary(c => c.Name, c => c.Value, StringComparer.Ordinal));
        }

        return new DeletionModel(catalog, rows);
    }

    public IEnumerable<string> Keys(QualifiedName table) => Rows[table].Select(r => r["id"]!);

    public void Delete(QualifiedName root, string id)
    {
        var gone = new HashSet<Dictionary<string, string?>>(ReferenceEqualityComparer.Instance) { Rows[root].Single(r => r["id"] == id) };
        var goneIn = new Dictionary<QualifiedName, List<Dictionary<string, string?>>> { [root] = [.. gone] };
        for (var found = true; found;)
        {
            found = false;
            foreach (var key in catalog.ForeignKeys.Where(f => f.OnDelete == ReferentialAction.Cascade))
            {
                foreach (var row in Referring(key, goneIn).Where(gone.Add).ToList())
                {
                    if (!goneIn.TryGetValue(key.Table, out var mine)) goneIn[key.Table] = mine = [];
                    mine.Add(row);
                    found = true;
                }
            }
        }

        var set = catalog.ForeignKeys.Where(f => f.OnDelete is ReferentialAction.SetNull or ReferentialAction.SetDefault)
            .SelectMany(f => Referring(f, goneIn).Where(r => !gone.Contains(r)).Select(r => (Key: f, Row: r))).ToList();
        Blocked = catalog.ForeignKeys.Where(f => f.OnDelete is ReferentialAction.NoAction or ReferentialAction.Restrict).Any(f => Referring(f, goneIn).Any(r => !gone.Contains(r)))
            || set.Exists(s => Set(s.Key).Any(c => catalog.Table(s.Key.Table).Column(c)!.NotNull));
        if (Blocked) return;
        foreach (var (key, row) in set)
        {
            foreach (var column in Set(key)) row[column] = null;
        }

        foreach (var (table, mine) in goneIn) (Deleted[table], _) = (mine.Count, Rows[table].RemoveAll(gone.Contains));
        foreach (var table in set.GroupBy(s => s.Key.Table)) Updated[table.Key] = table.Select(s => s.Row).Distinct(ReferenceEqualityComparer.Instance).Count();
    }

    /// <summary>Every row as text, in an order of its own.</summary>
    public string Text() => string.Join('\n', Rows.SelectMany(t => t.Value.Select(r => $"{t.Key}: {string.Join(", ", r.Select(c => $"{c.Key}={c.Value ?? "NULL"}"))}")).Order(StringComparer.Ordinal));

    private static ImmutableArray<string> Set(ForeignKey key) => key.SetColumns.IsEmpty ? key.Columns : key.SetColumns;

    private List<Dictionary<string, string?>> Referring(ForeignKey key, Dictionary<QualifiedName, List<Dictionary<string, string?>>> goneIn) =>
        !goneIn.TryGetValue(key.ReferencedTable, out var parents) ? []
        : [.. Rows[key.Table].Where(r => key.Columns.All(c => r[c] is not null) && parents.Exists(p => key.Columns.Zip(key.ReferencedColumns).All(c => r[c.First] == p[c.Second])))];
}
