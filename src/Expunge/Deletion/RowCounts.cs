using System.Collections.Immutable;
using Expunge.Catalog;
using Expunge.Policy;
using Expunge.Postgres;
using Npgsql;

namespace Expunge.Deletion;

/// <summary>
/// What this transaction has deleted and updated so far in the tables of the reach, as PostgreSQL itself counts it (docs 28.2.20, <c>pg_stat_get_xact_tuples_deleted</c>); cascades included.
/// </summary>
internal sealed class RowCounts
{
    private readonly Dictionary<uint, (long Deleted, long Updated)> _byLeaf;

    private RowCounts(Dictionary<uint, (long Deleted, long Updated)> byLeaf) => _byLeaf = byLeaf;

    public static async Task<RowCounts> ReadAsync(NpgsqlConnection connection, Decisions decisions, CancellationToken cancellation)
    {
        var leaves = decisions.Tables.SelectMany(decisions.Catalog.LeavesOf).Select(t => t.Oid).Distinct().ToArray();
        var rows = await connection.ListAsync(
            "SELECT oid, pg_stat_get_xact_tuples_deleted(oid), pg_stat_get_xact_tuples_updated(oid) FROM unnest($1::oid[]) AS oid",
            r => (Oid: r.GetFieldValue<uint>(0), Deleted: r.GetInt64(1), Updated: r.GetInt64(2)), cancellation,
            Commands.Oids(leaves));
        return new RowCounts(rows.ToDictionary(r => r.Oid, r => (r.Deleted, r.Updated)));
    }

    /// <summary>What was deleted and set in between, as the report's lines, where nothing is both (<see cref="InOrder.CanMatter"/>).</summary>
    public ImmutableArray<DeletionLine> Since(RowCounts before, Decisions decisions) => Minus(before, decisions, updated: null) ?? throw new InvalidOperationException("A row was both set and deleted.");

    /// <summary>The difference, as the report's lines; null where it can't tell: a row that was set and then deleted, or set twice, was counted twice.</summary>
    /// <param name="before">What was counted before the deletion.</param>
    /// <param name="decisions">The policy held against the catalog.</param>
    /// <param name="updated">The rows that lose a reference, by table, where they are known; null to take them from the difference.</param>
    public ImmutableArray<DeletionLine>? Minus(RowCounts before, Decisions decisions, IReadOnlyDictionary<uint, long>? updated)
    {
        if (updated is null && decisions.All.Select(d => d.Reference.Table).DistinctBy(t => t.Oid).Any(t => IsUnclear(t))) return null;
        return Estimator.Lines(decisions, Deleted, table => updated is null ? Updated(table) : updated.GetValueOrDefault(table.Oid));

        long Deleted(Table leaf) => _byLeaf.GetValueOrDefault(leaf.Oid).Deleted - before._byLeaf.GetValueOrDefault(leaf.Oid).Deleted;

        // Updates of other tables are the application's triggers'.
        long Updated(Table table) => !decisions.All.Any(d => d.Reference.Table.Oid == table.Oid && InOrder.IsSetting(d)) ? 0
            : decisions.Catalog.LeavesOf(table).Sum(l => _byLeaf.GetValueOrDefault(l.Oid).Updated - before._byLeaf.GetValueOrDefault(l.Oid).Updated);

        bool IsUnclear(Table table) => InOrder.CanMatter(decisions, table) && Updated(table) > 0
            && (decisions.Catalog.LeavesOf(table).Any(l => Deleted(l) > 0) || decisions.All.Count(d => d.Reference.Table.Oid == table.Oid && InOrder.IsSetting(d)) > 1);
    }
}
