using System.Collections.Immutable;
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
        var leaves = decisions.Reach.Tables.Select(t => t.Table).Concat(decisions.All.Select(d => d.Reference.Table)).SelectMany(decisions.Catalog.LeavesOf).Select(t => t.Oid).Distinct().ToArray();
        var rows = await connection.ListAsync(
            "SELECT oid, pg_stat_get_xact_tuples_deleted(oid), pg_stat_get_xact_tuples_updated(oid) FROM unnest($1::oid[]) AS oid",
            r => (Oid: r.GetFieldValue<uint>(0), Deleted: r.GetInt64(1), Updated: r.GetInt64(2)), cancellation,
            new NpgsqlParameter { Value = leaves, NpgsqlDbType = NpgsqlTypes.NpgsqlDbType.Array | NpgsqlTypes.NpgsqlDbType.Oid });
        return new RowCounts(rows.ToDictionary(r => r.Oid, r => (r.Deleted, r.Updated)));
    }

    public ImmutableArray<DeletionLine> Minus(RowCounts before, Decisions decisions) => Estimator.Lines(
        decisions,
        leaf => _byLeaf.GetValueOrDefault(leaf.Oid).Deleted - before._byLeaf.GetValueOrDefault(leaf.Oid).Deleted,
        table => decisions.Catalog.LeavesOf(table).Sum(l => _byLeaf.GetValueOrDefault(l.Oid).Updated - before._byLeaf.GetValueOrDefault(l.Oid).Updated));
}
