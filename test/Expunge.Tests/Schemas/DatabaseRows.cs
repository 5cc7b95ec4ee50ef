using Expunge.Catalog;
using Expunge.Postgres;
using Npgsql;

namespace Expunge.Tests.Schemas;

/// <summary>All rows of a database in memory, as text, in the order in which they lie in their tables.</summary>
internal sealed class DatabaseRows
{
    private readonly CatalogSnapshot _catalog;
    private readonly Dictionary<uint, List<Row>> _byLeaf = [];

    private DatabaseRows(CatalogSnapshot catalog) => _catalog = catalog;

    /// <summary>A row. Changing one makes another, as PostgreSQL does; <paramref name="isNew"/>: the deleting transaction wrote it.</summary>
    internal sealed class Row(Table leaf, IReadOnlyDictionary<string, string?> values, bool isNew)
    {
        public Table Leaf => leaf;

        public IReadOnlyDictionary<string, string?> Values => values;

        public bool IsNew => isNew;

        public string? this[string column] => values[column];

        public bool Has(IEnumerable<string> columns, IEnumerable<string?> wanted) => columns.Zip(wanted).All(c => c.Second is not null && values[c.First] == c.Second);
    }

    /// <summary>The queries that a reader of the rows must be at the first result of.</summary>
    public static string Sql(CatalogSnapshot catalog) => string.Join(';', Leaves(catalog).Select(t =>
        $"SELECT {string.Join(", ", t.Columns.Select(c => $"{Identifier.Quote(c.Name)}::text"))} FROM ONLY {t.Name.Sql} ORDER BY ctid"));

    /// <param name="reader">At the first result of <see cref="Sql"/>.</param>
    /// <param name="catalog">The snapshot.</param>
    public static async Task<DatabaseRows> ReadAsync(NpgsqlDataReader reader, CatalogSnapshot catalog)
    {
        var rows = new DatabaseRows(catalog);
        foreach (var table in Leaves(catalog))
        {
            rows._byLeaf[table.Oid] = [];
            while (await reader.ReadAsync())
            {
                rows._byLeaf[table.Oid].Add(new Row(table, table.Columns.Select((c, i) => (c.Name, Value: reader.IsDBNull(i) ? null : reader.GetString(i))).ToDictionary(c => c.Name, c => c.Value, StringComparer.Ordinal), isNew: false));
            }

            await reader.NextResultAsync();
        }

        return rows;
    }

    public static async Task<DatabaseRows> ReadAsync(NpgsqlConnection connection, CatalogSnapshot catalog)
    {
        await using var command = new NpgsqlCommand(Sql(catalog), connection);
        await using var reader = await command.ExecuteReaderAsync();
        return await ReadAsync(reader, catalog);
    }

    /// <summary>The rows of a table, partitions in their order.</summary>
    public IEnumerable<Row> Of(QualifiedName table) => _catalog.LeavesOf(_catalog.Table(table)).SelectMany(l => _byLeaf[l.Oid]);

    public bool Contains(Row row) => _byLeaf[row.Leaf.Oid].Contains(row);

    public void Remove(Row row) => _byLeaf[row.Leaf.Oid].Remove(row);

    /// <summary>An UPDATE: the new version comes last.</summary>
    public Row Change(Row row, IEnumerable<(string Column, string? Value)> values)
    {
        var written = new Dictionary<string, string?>(row.Values, StringComparer.Ordinal);
        foreach (var (column, value) in values) written[column] = value;
        var changed = new Row(row.Leaf, written, isNew: true);
        Remove(row);
        _byLeaf[row.Leaf.Oid].Add(changed);
        return changed;
    }

    public DatabaseRows Copy()
    {
        var copy = new DatabaseRows(_catalog);
        foreach (var (leaf, rows) in _byLeaf) copy._byLeaf[leaf] = [.. rows];
        return copy;
    }

    /// <summary>Every row as text, in an order of its own.</summary>
    public string Text() => string.Join('\n', _byLeaf.Values.SelectMany(t => t).Select(r => $"{r.Leaf}: {string.Join(", ", r.Values.Select(c => $"{c.Key}={c.Value ?? "NULL"}"))}").Order(StringComparer.Ordinal));

    private static IEnumerable<Table> Leaves(CatalogSnapshot catalog) => catalog.Tables.Where(t => !t.IsPartitioned);
}
