using Expunge.Graph;
using Expunge.Policy;
using Expunge.Postgres;
using Npgsql;

namespace Expunge.Deletion;

/// <summary>
/// Finds the subjects with very many rows by the statistics that ANALYZE keeps: whoever has a large part of a table is among its most common values (PostgreSQL docs 52.27, <c>pg_stats</c>). Costs a few
/// milliseconds, however large the tables are; knows nothing of tables that were never analyzed.
/// </summary>
internal static class WhalePrediction
{
    /// <summary>With that many rows a subject is deleted in chunks: a tenth to half a second as one statement.</summary>
    public const long Threshold = 20_000;

    // What is less is no part of a whale.
    private const int LeastPart = 1000;

    /// <returns>The keys as text with about how many rows they have, of all subjects with at least <see cref="Threshold"/>.</returns>
    public static async Task<Dictionary<string, long>> ReadAsync(NpgsqlConnection connection, Decisions decisions, CancellationToken cancellation)
    {
        var columns = decisions.All.Where(d => !d.Blocks && d.Reference.Columns.Length == 1).Select(d => (d.Reference.Table, Column: d.Reference.Columns[0], Reference: (Reference?)d.Reference))
            .Concat(decisions.SoftReferences.Select(s => (s.Table, Column: s.Column.Name, Reference: (Reference?)null))).ToList();
        var leaves = columns.SelectMany((c, i) => decisions.Catalog.LeavesOf(c.Table).Where(l => l.EstimatedRows >= LeastPart).Select(l => (l.Oid, c.Column, Place: i))).ToList();
        var common = await connection.ListAsync(
            """
            SELECT r.place, v.value, sum(v.frequency * c.reltuples)::bigint
              FROM unnest($1::oid[], $2::text[], $3::int[]) AS r(relation, attribute, place)
              JOIN pg_class c ON c.oid = r.relation
              JOIN pg_stats s ON s.schemaname = c.relnamespace::regnamespace::name AND s.tablename = c.relname AND s.attname = r.attribute AND NOT s.inherited,
                   unnest(s.most_common_vals::text::text[], s.most_common_freqs) AS v(value, frequency)
             GROUP BY 1, 2 HAVING sum(v.frequency * c.reltuples) >= $4
            """,
            r => (Place: r.GetInt32(0), Value: r.GetString(1), Rows: r.GetInt64(2)), cancellation,
            Commands.Oids(leaves.Select(l => l.Oid)), leaves.Select(l => l.Column).ToArray(), leaves.Select(l => l.Place).ToArray(), LeastPart);

        var rows = new Dictionary<string, long>(StringComparer.Ordinal);
        foreach (var group in common.GroupBy(c => c.Place))
        {
            var owners = columns[group.Key].Reference is { } reference ? await OwnersAsync(connection, decisions, reference, [.. group.Select(g => g.Value)], cancellation) : null;
            foreach (var (_, value, count) in group)
            {
                if ((owners is null ? value : owners.GetValueOrDefault(value)) is { } owner) rows[owner] = rows.GetValueOrDefault(owner) + count;
            }
        }

        return rows.Where(r => r.Value >= Threshold).ToDictionary(StringComparer.Ordinal);
    }

    /// <summary>The subjects whose rows a reference's values lead to, by value; null where the values are the subjects' keys themselves.</summary>
    private static async Task<Dictionary<string, string>?> OwnersAsync(NpgsqlConnection connection, Decisions decisions, Reference reference, string[] values, CancellationToken cancellation)
    {
        var (root, key) = (decisions.Reach.Root, SubjectKeys.Column(decisions.Reach.Root));
        if (reference.ReferencedTable.Oid == root.Oid && reference.ReferencedColumns.SequenceEqual(root.PrimaryKey)) return null;
        var path = decisions.Reach.PathFrom(reference.ReferencedTable);
        // A way that ends at a soft reference has no row of the root to show for it.
        if ((path.IsEmpty ? reference : path[^1]).ReferencedTable.Oid != root.Oid) return [];
        var joins = path.Select((r, i) => $" JOIN {r.ReferencedTable.OnlySql} t{i + 1} ON {string.Join(" AND ", r.Columns.Zip(r.ReferencedColumns, (a, b) => $"t{i}.{Identifier.Quote(a)} = t{i + 1}.{Identifier.Quote(b)}"))}");
        var column = reference.ReferencedTable.Column(reference.ReferencedColumns[0])!;
        var owners = await connection.ListAsync(
            $"SELECT t0.{Identifier.Quote(column.Name)}::text, t{path.Length}.{Identifier.Quote(key.Name)}::text FROM {reference.ReferencedTable.OnlySql} t0{string.Concat(joins)} WHERE t0.{SubjectKeys.In(column)}",
            r => (Value: r.GetString(0), Owner: r.GetString(1)), cancellation, values);
        return owners.DistinctBy(o => o.Value).ToDictionary(o => o.Value, o => o.Owner, StringComparer.Ordinal);
    }
}
