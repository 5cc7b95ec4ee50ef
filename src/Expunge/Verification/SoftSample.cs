using System.Collections.Immutable;
using Expunge.Catalog;
using Expunge.Postgres;

namespace Expunge.Verification;

/// <summary>Some rows of a table, from pages all over it.</summary>
/// <param name="Rows">How many.</param>
/// <param name="Values">For each column its different values as text.</param>
internal sealed record SoftSample(long Rows, ImmutableArray<IReadOnlyCollection<string>> Values)
{
    public const int MostValues = 1000;

    private const int Pages = 128;
    private const int MostRows = 30_000;
    private const int MostBytes = 128;

    /// <summary>The value of a text column. What is too long for a key is not fetched from where PostgreSQL keeps it; its length stands for it, as something that is no key.</summary>
    public static string Short(string value) => $"CASE WHEN octet_length({value}) <= {MostBytes} THEN {value}::text ELSE '~' || octet_length({value}) END";

    /// <summary>Reads a few pages, however large the table is.</summary>
    /// <exception cref="SoftUnreadException">It can't be read now.</exception>
    public static async Task<SoftSample> ReadAsync(SoftReader reader, CatalogSnapshot catalog, Table table, IReadOnlyList<Column> columns, CancellationToken cancellation)
    {
        var leaves = catalog.LeavesOf(table).Select(t => t.Oid);
        var pages = (await reader.ListAsync(
            "SELECT coalesce(sum(pg_relation_size(o)), 0)::bigint / current_setting('block_size')::bigint FROM unnest($1) o", r => r.GetInt64(0), cancellation, Commands.Oids(leaves)))[0];
        // Always the same pages, so that the same data give the same answer. SYSTEM reads no others.
        var some = pages <= Pages ? "" : $" TABLESAMPLE SYSTEM ({100.0 * Pages / pages:0.##########}) REPEATABLE (67)";
        var expressions = columns.Select((c, i) => $"{Expression(c)} AS c{i}");
        // By their hashes, because the first ones in order would be the small ones.
        var values = columns.Select((c, i) => $"ARRAY(SELECT v FROM (SELECT DISTINCT {(IsArray(c) ? $"v FROM s, unnest(s.c{i}) v WHERE v" : $"c{i} AS v FROM s WHERE c{i}")} IS NOT NULL) d ORDER BY hashtext(v) LIMIT {MostValues})");
        var sql = $"WITH s AS MATERIALIZED (SELECT {string.Join(", ", expressions)} FROM {table.OnlySql} t{some} LIMIT {MostRows}) SELECT (SELECT count(*) FROM s), {string.Join(", ", values)}";
        return (await reader.ListAsync(sql, r => new SoftSample(r.GetInt64(0), [.. columns.Select((_, i) => r.GetFieldValue<string[]>(i + 1))]), cancellation))[0];
    }

    private static string Expression(Column column)
    {
        var name = $"t.{Identifier.Quote(column.Name)}";
        return IsArray(column) ? $"{name}::text[]" : SoftTypes.IsText(column) ? Short(name) : $"{name}::text";
    }

    private static bool IsArray(Column column) => column.Type.EndsWith("[]", StringComparison.Ordinal);
}
