using System.Collections.Immutable;
using Expunge.Catalog;
using Expunge.Postgres;
using Npgsql;

namespace Expunge.Probing;

/// <summary>What a snapshot does not hold and making rows needs: types, defaults, CHECK and exclusion constraints, the conditions of partitions.</summary>
internal sealed class ProbeSchema
{
    private readonly CatalogSnapshot _catalog;
    private readonly ILookup<uint, ProbeColumn> _columns;
    private readonly ILookup<uint, (string Kind, RowCondition Condition)> _conditions;

    private ProbeSchema(CatalogSnapshot catalog, IReadOnlyDictionary<uint, PgType> types, ILookup<uint, ProbeColumn> columns, ILookup<uint, (string Kind, RowCondition Condition)> conditions) =>
        (_catalog, Types, _columns, _conditions) = (catalog, types, columns, conditions);

    /// <summary>The types, by oid.</summary>
    public IReadOnlyDictionary<uint, PgType> Types { get; }

    /// <summary>Reads it in the transaction that the connection is in, whose search_path must be pg_catalog, so that expressions name everything in full.</summary>
    public static async Task<ProbeSchema> ReadAsync(NpgsqlConnection connection, CatalogSnapshot catalog, CancellationToken cancellation)
    {
        var types = await connection.ListAsync(
            SqlFile.Read("probe_types.sql"),
            r => (Oid: r.GetFieldValue<uint>(0), Type: new PgType(
                r.GetString(1), r.GetString(2), r.GetFieldValue<char>(3), r.GetFieldValue<uint>(4), r.GetFieldValue<uint>(5), r.GetInt32(6), [.. r.GetFieldValue<string[]>(7)], r.GetFieldValue<uint>(8),
                [.. r.GetFieldValue<uint[]>(9)], [.. r.GetFieldValue<string[]>(10)])),
            cancellation);
        var columns = await connection.ListAsync(
            SqlFile.Read("probe_columns.sql"),
            r => (Table: r.GetFieldValue<uint>(0), Column: new ProbeColumn(r.GetString(1), r.GetFieldValue<uint>(2), r.GetInt32(3), r.GetBoolean(4), r.IsDBNull(5) ? null : r.GetString(5), r.GetBoolean(6))),
            cancellation);
        var conditions = await connection.ListAsync(
            SqlFile.Read("probe_checks.sql"),
            r => (Table: r.GetFieldValue<uint>(0), Kind: r.GetString(1), Condition: new RowCondition(r.GetString(2), r.IsDBNull(3) ? "true" : r.GetString(3), [.. r.GetFieldValue<string[]>(4)])),
            cancellation);
        return new ProbeSchema(catalog, types.ToDictionary(t => t.Oid, t => t.Type), columns.ToLookup(c => c.Table, c => c.Column), conditions.ToLookup(c => c.Table, c => (c.Kind, c.Condition)));
    }

    /// <summary>The columns of a table, in order.</summary>
    public IEnumerable<ProbeColumn> ColumnsOf(Table table) => _columns[table.Oid];

    /// <summary>What must hold of a row for it to be inserted: its CHECK constraints, its own partition's condition, and, of a partitioned table, that of any of its partitions.</summary>
    public IEnumerable<RowCondition> ConditionsOf(Table table)
    {
        var own = _conditions[table.Oid].Where(c => c.Kind != "x").Select(c => c.Condition);
        if (!table.IsPartitioned) return own;
        var leaves = _catalog.LeavesOf(table).SelectMany(l => _conditions[l.Oid]).Where(c => c.Kind == "p").Select(c => c.Condition).ToList();
        return own.Append(new RowCondition($"the partitions of {table}", leaves.Count == 0 ? "false" : string.Join(" OR ", leaves.Select(l => $"({l.Expression})")), [.. leaves.SelectMany(l => l.Columns).Distinct()]));
    }

    /// <summary>The columns of an exclusion constraint of that name on a table or one of its partitions; none where it has no such.</summary>
    public ImmutableArray<string> ExclusionColumns(Table table, string name) =>
        _catalog.WithPartitions(table).SelectMany(t => _conditions[t.Oid]).Where(c => c.Kind == "x" && c.Condition.Name == name).Select(c => c.Condition.Columns).FirstOrDefault([]);
}
