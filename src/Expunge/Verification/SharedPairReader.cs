using System.Collections.Immutable;
using System.Globalization;
using Expunge.Catalog;
using Expunge.Policy;
using Expunge.Postgres;
using Npgsql;

namespace Expunge.Verification;

/// <summary>Reads the rows of one pair.</summary>
internal sealed class SharedPairReader(NpgsqlConnection connection, Decisions decisions, Links links, SharedRowsOptions options)
{
    private const int Total = 0;
    private const int MostByFirst = 1;
    private const int MostBySecond = 2;
    private const int Example = 3;

    /// <returns>Null where one of the ways leads to no subject.</returns>
    public async Task<SharedPair?> ReadAsync(Table table, SharedWay first, SharedWay second, CancellationToken cancellation)
    {
        if (Links(first) is not { } toFirst || Links(second) is not { } toSecond) return null;
        var percent = Percent(table);
        var sample = percent is { } part ? string.Create(CultureInfo.InvariantCulture, $" TABLESAMPLE SYSTEM ({part})") : "";
        var sql = SharedSql.Of(table, sample, toFirst, toSecond, decisions.Reach.Root, links);
        var key = RowKeySql.Of(table);
        var pair = new SharedPair(table.Name.Display(decisions.Schema), Described(first), Described(second), !IsUndecided(first) && !IsUndecided(second)) { IsEstimate = percent is not null };
        var (found, whyNot) = await ReadOnlyScan.TryAsync(connection, options.Timeout, () => connection.ListAsync(Query(sql, key), Read, cancellation), cancellation);
        if (found is null) return pair with { NotCounted = whyNot };

        var rows = found.Single(f => f.Kind == Total).Rows;
        pair = pair with { Rows = percent is { } read ? (long)Math.Round(rows * 100 / read) : rows };
        if (rows == 0) return pair;
        return pair with
        {
            First = With(pair.First, found.Single(f => f.Kind == MostByFirst), r => r.First!, first, second),
            Second = With(pair.Second, found.Single(f => f.Kind == MostBySecond), r => r.Second!, second, first),
            Examples = [.. found.Where(f => f.Kind == Example).Select(f => new SharedExample(new RowKey(key.Names, f.Key!.Value), f.First!, f.Second!))],
        };

        ImmutableArray<Link>? Links(SharedWay way) => way.LinksTo(decisions.Catalog, decisions.Reach, decisions.SoftReferences, links);
    }

    private SharedReference With(SharedReference reference, Row row, Func<Row, string> subject, SharedWay way, SharedWay other)
    {
        var most = new SharedMost(subject(row), row.Rows, row.Others);
        return reference with { Most = most, Effects = SharedEffects.Of(decisions, way, other, most) };
    }

    // The rows once, then what is asked of them.
    private string Query(SharedSql sql, RowKeySql key)
    {
        var places = key.Columns.Select((_, i) => $"k{i}").ToList();
        return $"""
            WITH d AS MATERIALIZED (SELECT {string.Join(", ", key.Columns.Select((c, i) => $"{c} AS k{i}"))}, {sql.First} AS one, {sql.Second} AS other {sql.Rows})
            SELECT {Total}, count(*), 0::bigint, NULL::text, NULL::text, NULL::text[] FROM d
            UNION ALL (SELECT {MostByFirst}, count(*), count(DISTINCT other), one, NULL, NULL FROM d GROUP BY one ORDER BY 2 DESC, one COLLATE "C" LIMIT 1)
            UNION ALL (SELECT {MostBySecond}, count(*), count(DISTINCT one), NULL, other, NULL FROM d GROUP BY other ORDER BY 2 DESC, other COLLATE "C" LIMIT 1)
            UNION ALL (SELECT {Example}, 0, 0, one, other, {RowKeySql.Array(places)} FROM d ORDER BY {string.Join(", ", places)} LIMIT {options.Limit})
            """;
    }

    private static Row Read(NpgsqlDataReader r) => new(
        r.GetInt32(0), r.GetInt64(1), r.GetInt64(2), r.IsDBNull(3) ? null : r.GetString(3), r.IsDBNull(4) ? null : r.GetString(4), r.IsDBNull(5) ? null : [.. r.GetFieldValue<string?[]>(5)]);

    // The planner's number of a partitioned table is not always there.
    private double? Percent(Table table) =>
        options.Sample && decisions.Catalog.LeavesOf(table).Sum(l => l.EstimatedRows) is var rows && rows > options.SampleRows ? Math.Max(100.0 * options.SampleRows / rows, 0.001) : null;

    private bool IsUndecided(SharedWay way) => decisions.Undecided.Any(d => d.Reference == way.Reference);

    private SharedReference Described(SharedWay way)
    {
        var name = way.Name(decisions.Schema);
        if (way.Soft is not null) return new SharedReference(name, "delete", "named", null);
        return decisions.All.FirstOrDefault(d => d.Reference == way.Reference) is { } decision
            ? new SharedReference(name, decision.Action.Word(), decision.Source switch { DecisionSource.Named => "named", DecisionSource.Existing => "existing", _ => "default" }, decision.Reason)
            : new SharedReference(name, null, null, null);
    }

    private sealed record Row(int Kind, long Rows, long Others, string? First, string? Second, ImmutableArray<string?>? Key);
}
