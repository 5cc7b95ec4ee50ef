using System.Collections.Immutable;
using Expunge.Policy;
using Expunge.Postgres;
using Npgsql;

namespace Expunge.Verification;

/// <summary>Finds rows whose parent is gone: where a constraint was never validated, is not enforced or was disabled, and by soft references.</summary>
public static class Orphans
{
    /// <summary>Counts them. Reads only; each reference for as long as the options say.</summary>
    /// <param name="database">The database.</param>
    /// <param name="decisions">The policy, held against its catalog.</param>
    /// <param name="options">Which references, and how.</param>
    /// <param name="cancellation">Cancels it.</param>
    /// <exception cref="ExpungeException"><see cref="ErrorCodes.Usage"/>: a reference that is named is not there.</exception>
    public static async Task<OrphanReport> FindAsync(Database database, Decisions decisions, OrphanOptions options, CancellationToken cancellation = default)
    {
        var targets = OrphanTarget.Of(decisions, options.References);
        await using var connection = await database.OpenAsync(cancellation);
        var links = await Links.ReadAsync(connection, decisions.Reach.Root, cancellation);
        var lines = ImmutableArray.CreateBuilder<OrphanLine>(targets.Length);
        foreach (var target in targets) lines.Add(await LineAsync(connection, target, links, options, cancellation));
        return new OrphanReport(decisions.Reach.Root.Name.ToString(), lines.MoveToImmutable());
    }

    internal static async Task<OrphanLine> LineAsync(NpgsqlConnection connection, OrphanTarget target, Links links, OrphanOptions options, CancellationToken cancellation)
    {
        var line = new OrphanLine(target);
        if (line.ProvedBy is not null && !options.All) return line;
        var (found, whyNot) = await ReadOnlyScan.TryAsync(connection, options.Timeout, () => FoundAsync(connection, target.In(links), options.Limit, cancellation), cancellation);
        return found is null ? line with { NotCounted = whyNot } : line with { Rows = found.Rows, Examples = found.Examples };
    }

    private static async Task<Found> FoundAsync(NpgsqlConnection connection, Link link, int limit, CancellationToken cancellation)
    {
        var rows = $"FROM {link.From} t WHERE {link.IsOrphan("t")}";
        if (limit == 0) return new Found(await connection.ScalarAsync<long>($"SELECT count(*) {rows}", cancellation), []);
        var key = RowKeySql.Of(link.Table);
        var missing = RowKeySql.Array(link.Columns.Select(c => $"t.{Identifier.Quote(c)}"));
        var some = await connection.ListAsync(
            $"SELECT count(*) OVER (), {key.Texts}, CASE WHEN {link.IsKey("t")} THEN {missing} ELSE array_fill(NULL::text, ARRAY[{link.Columns.Length}]) END {rows} ORDER BY {string.Join(", ", key.Columns)} LIMIT {limit}",
            r => (Rows: r.GetInt64(0), Example: new OrphanExample(new RowKey(key.Names, [.. r.GetFieldValue<string?[]>(1)]), new RowKey(link.Columns, [.. r.GetFieldValue<string?[]>(2)]))), cancellation);
        return new Found(some.Count == 0 ? 0 : some[0].Rows, [.. some.Select(s => s.Example)]);
    }

    private sealed record Found(long Rows, ImmutableArray<OrphanExample> Examples);
}
