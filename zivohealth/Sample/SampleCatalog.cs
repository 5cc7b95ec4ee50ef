using Npgsql;

namespace ZivoHealth.Sample;

/// <summary>Reads what there is to fill, so that a table added to the schema is filled too.</summary>
internal static class SampleCatalog
{
    private const string ColumnsSql =
        """
        SELECT c.relname, a.attname, t.typname, a.attnotnull, coalesce(pg_get_expr(d.adbin, d.adrelid) LIKE 'nextval(%', false), coalesce(array_position(k.conkey::int2[], a.attnum), 0)
        FROM pg_class c
        JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
        JOIN pg_type t ON t.oid = a.atttypid
        LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
        LEFT JOIN pg_constraint k ON k.conrelid = c.oid AND k.contype = 'p'
        WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition
        ORDER BY c.relname, a.attnum
        """;

    private const string ReferencesSql =
        """
        SELECT r.relname, f.relname, (SELECT array_agg(a.attname::text ORDER BY u.n) FROM unnest(k.conkey) WITH ORDINALITY AS u (attnum, n)
            JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = u.attnum)
        FROM pg_constraint k
        JOIN pg_class r ON r.oid = k.conrelid
        JOIN pg_class f ON f.oid = k.confrelid
        WHERE k.contype = 'f' AND k.conparentid = 0 AND k.connamespace = 'public'::regnamespace
        ORDER BY r.relname, k.conkey, k.conname
        """;

    /// <summary>All tables, each after those it refers to; a reference that closes a cycle is left for later.</summary>
    public static async Task<IReadOnlyList<SampleTable>> ReadAsync(NpgsqlConnection connection, CancellationToken ct)
    {
        var columns = await ReadAsync(connection, ColumnsSql, r => (Table: r.GetString(0), Column: new SampleColumn(r.GetString(1), r.GetString(2), r.GetBoolean(3), r.GetBoolean(4), r.GetInt32(5))), ct);
        var references = await ReadAsync(connection, ReferencesSql, r => (Table: r.GetString(0), Reference: new SampleReference(r.GetString(1), r.GetFieldValue<string[]>(2))), ct);
        var tables = columns.GroupBy(c => c.Table, StringComparer.Ordinal)
            .Select(g => new SampleTable(g.Key, [.. g.Select(c => c.Column)], [.. references.Where(r => r.Table == g.Key).Select(r => r.Reference)]))
            .ToDictionary(t => t.Name, StringComparer.Ordinal);

        var order = new List<SampleTable>();
        var entered = new HashSet<string>(StringComparer.Ordinal);
        foreach (var table in tables.Values) Visit(table);
        return order;

        void Visit(SampleTable table)
        {
            if (!entered.Add(table.Name)) return;
            foreach (var reference in table.References.Where(r => !Later(table, r))) Visit(tables[reference.Target]);
            order.Add(table);
        }
    }

    // A nullable reference to a table that itself needs this one (chat_sessions.last_message_id).
    private static bool Later(SampleTable table, SampleReference reference) => table.Name == "chat_sessions" && reference.Target == "chat_messages";

    private static async Task<List<T>> ReadAsync<T>(NpgsqlConnection connection, string sql, Func<NpgsqlDataReader, T> row, CancellationToken ct)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await using var reader = await command.ExecuteReaderAsync(ct);
        var rows = new List<T>();
        while (await reader.ReadAsync(ct)) rows.Add(row(reader));
        return rows;
    }
}
