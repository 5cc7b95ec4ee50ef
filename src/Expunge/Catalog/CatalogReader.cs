using System.Collections.Immutable;
using Expunge.Postgres;
using Npgsql;

namespace Expunge.Catalog;

/// <summary>
/// Reads a <see cref="CatalogSnapshot"/> from <c>pg_catalog</c> in one round trip and one snapshot. Not from <c>information_schema</c>: that hides what others own,
/// and its constraint names repeat.
/// </summary>
public static class CatalogReader
{
    private static readonly string[] Queries = ["server", "tables", "columns", "indexes", "checks"];

    /// <summary>Reads the catalog in a transaction of its own (REPEATABLE READ, read-only).</summary>
    /// <param name="connection">An open connection that is in no transaction.</param>
    /// <param name="cancellation">Cancels the query.</param>
    /// <exception cref="NpgsqlException">The connection broke.</exception>
    public static async Task<CatalogSnapshot> ReadAsync(NpgsqlConnection connection, CancellationToken cancellation = default)
    {
        await using var batch = new NpgsqlBatch(connection);
        Add("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY");
        Add("SET LOCAL search_path = pg_catalog");
        foreach (var query in Queries) Add(SqlFile.Read($"catalog_{query}.sql"));
        batch.BatchCommands.Add(ForeignKeysQuery(table: null));
        Add(SqlFile.Read("catalog_triggers.sql"));
        Add("SELECT n.nspname::text, c.relname::text FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relname LIKE 'ix\\_%'");
        Add(SqlFile.Read("catalog_views.sql"));
        Add("COMMIT");

        await using var reader = await batch.ExecuteReaderAsync(cancellation);
        await reader.ReadAsync(cancellation);
        var server = new ServerInfo(
            reader.GetInt32(0), reader.GetString(1), reader.GetString(2), reader.GetString(3), reader.GetBoolean(4), reader.GetBoolean(5), reader.GetBoolean(6), reader.GetInt32(7));

        var tables = await RowsAsync(r => new Table
        {
            Oid = r.GetFieldValue<uint>(0),
            Name = new QualifiedName(r.GetString(1), r.GetString(2)),
            IsPartitioned = r.GetBoolean(3),
            PartitionOf = r.IsDBNull(4) ? null : r.GetFieldValue<uint>(4),
            Owner = r.GetString(5),
            CanAlter = r.GetBoolean(6),
            EstimatedRows = r.GetInt64(7),
            Bytes = r.GetInt64(8),
            DeleteSuppressors = Names(r, 9),
            UpdateSuppressors = Names(r, 10),
            UnidentifiedIn = Names(r, 11),
            CanUseSchema = r.GetBoolean(12),
            CanSelect = r.GetBoolean(13),
            CanUpdate = r.GetBoolean(14),
            CanDelete = r.GetBoolean(15),
            CanReference = r.GetBoolean(16),
            HidesRows = r.GetBoolean(17),
        });
        var columns = (await RowsAsync(r => (Table: r.GetFieldValue<uint>(0), Column: new Column(r.GetString(1), r.GetString(2), r.GetBoolean(3), r.GetBoolean(4), r.GetBoolean(5)))))
            .ToLookup(c => c.Table, c => c.Column);
        var indexes = (await RowsAsync(r => (Table: r.GetFieldValue<uint>(0), Index: new TableIndex(
                r.GetString(1), [.. r.GetFieldValue<string?[]>(2)], r.GetString(3), r.GetBoolean(4), r.GetBoolean(5), r.GetBoolean(6), r.IsDBNull(7) ? null : r.GetString(7)))))
            .ToLookup(i => i.Table, i => i.Index);
        var checks = (await RowsAsync(r => (Table: r.GetFieldValue<uint>(0), Check: new CheckConstraint(r.GetString(1), Names(r, 2)))))
            .ToLookup(c => c.Table, c => c.Check);
        var foreignKeys = await RowsAsync(ForeignKey);
        var triggers = (await RowsAsync(r => (Constraint: r.GetFieldValue<uint>(0), Trigger: new ForeignKeyTrigger(
                r.GetFieldValue<uint>(1), r.GetString(2), (ForeignKeyEvent)r.GetInt32(3), r.GetBoolean(4)))))
            .ToLookup(t => t.Constraint, t => t.Trigger);
        var names = await RowsAsync(r => new QualifiedName(r.GetString(0), r.GetString(1)));
        var views = await RowsAsync(r => new MaterializedView(new QualifiedName(r.GetString(0), r.GetString(1)), QualifiedNames(r, 2, 3), QualifiedNames(r, 4, 5), r.GetBoolean(6)));
        while (await reader.NextResultAsync(cancellation)) { }

        return new CatalogSnapshot(
            server,
            [.. tables.Select(t => t with { Columns = [.. columns[t.Oid]], Indexes = [.. indexes[t.Oid]], Checks = [.. checks[t.Oid]] })],
            [.. foreignKeys.Select(f => f with { Triggers = [.. triggers[f.Oid]] })],
            [.. names])
        { MaterializedViews = [.. views] };

        void Add(string sql) => batch.BatchCommands.Add(new NpgsqlBatchCommand(sql));

        async Task<List<T>> RowsAsync<T>(Func<NpgsqlDataReader, T> row)
        {
            await reader.NextResultAsync(cancellation);
            var rows = new List<T>();
            while (await reader.ReadAsync(cancellation)) rows.Add(row(reader));
            return rows;
        }
    }

    /// <summary>The declared foreign keys of one table, read in the transaction that the connection is in: what a step looks at before it changes anything.</summary>
    internal static async Task<ImmutableArray<ForeignKey>> ReadForeignKeysAsync(NpgsqlConnection connection, uint table, CancellationToken cancellation)
    {
        await using var batch = new NpgsqlBatch(connection);
        batch.BatchCommands.Add(ForeignKeysQuery(table));
        await using var reader = await batch.ExecuteReaderAsync(cancellation);
        var rows = ImmutableArray.CreateBuilder<ForeignKey>();
        while (await reader.ReadAsync(cancellation)) rows.Add(ForeignKey(reader));
        return rows.ToImmutable();
    }

    private static NpgsqlBatchCommand ForeignKeysQuery(uint? table) => new(SqlFile.Read("catalog_foreign_keys.sql"))
    {
        Parameters = { new NpgsqlParameter { Value = table is { } oid ? oid : DBNull.Value, NpgsqlDbType = NpgsqlTypes.NpgsqlDbType.Oid } },
    };

    private static ForeignKey ForeignKey(NpgsqlDataReader r) => new()
    {
        Oid = r.GetFieldValue<uint>(0),
        Name = r.GetString(1),
        Table = new QualifiedName(r.GetString(2), r.GetString(3)),
        Columns = Names(r, 4),
        ReferencedTable = new QualifiedName(r.GetString(5), r.GetString(6)),
        ReferencedColumns = Names(r, 7),
        OnDelete = ReferentialActions.FromCatalog(r.GetFieldValue<char>(8)),
        OnUpdate = ReferentialActions.FromCatalog(r.GetFieldValue<char>(9)),
        MatchFull = r.GetFieldValue<char>(10) == 'f',
        Deferrable = r.GetBoolean(11),
        InitiallyDeferred = r.GetBoolean(12),
        Validated = r.GetBoolean(13),
        Enforced = r.GetBoolean(14),
        IsTemporal = r.GetBoolean(15),
        SetColumns = Names(r, 16),
        Comment = r.IsDBNull(17) ? null : r.GetString(17),
        TriggerStates = Names(r, 18),
    };

    private static ImmutableArray<QualifiedName> QualifiedNames(NpgsqlDataReader r, int schemas, int names) => [.. Names(r, schemas).Zip(Names(r, names), (schema, name) => new QualifiedName(schema, name))];

    private static ImmutableArray<string> Names(NpgsqlDataReader r, int ordinal) => [.. r.GetFieldValue<string[]>(ordinal)];
}
