using Expunge.Catalog;
using Expunge.Policy;
using Expunge.Postgres;
using Npgsql;

namespace Expunge.Deletion;

/// <summary>
/// Does before the DELETE what its cascades would do in an unlucky order. PostgreSQL fires the actions of one deleted row by the names of their triggers, so a row can be set before it is
/// deleted: it counts as both. And a row that is set twice in one transaction is checked against all its foreign keys (ri_triggers.c, RI_FKey_fk_upd_check_required), among them those
/// to rows that the same DELETE has just removed and whose own action has not come yet: 23503, although nothing is wrong. NO ACTION, too, is checked before a later action deletes the row.
/// </summary>
internal static class InOrder
{
    /// <summary>Whether the rows of a table can be both set (or blocking) and deleted, or set twice.</summary>
    public static bool CanMatter(Decisions decisions, Table table)
    {
        var others = decisions.All.Where(d => d.Reference.Table.Oid == table.Oid && !d.Deletes).ToList();
        return others.Count(IsSetting) > 1 || (others.Count > 0 && decisions.Reach.Find(table) is not null);
    }

    public static bool IsSetting(Decision decision) => !decision.Deletes && !decision.Blocks;

    /// <summary>
    /// Each row that stays loses all its references at once. Each that goes and could be set first is deleted in the statement that deletes the subjects: the actions run at its end, when the row
    /// is gone, and so does NO ACTION.
    /// </summary>
    public static async Task DeleteAsync(NpgsqlConnection connection, Decisions decisions, ReachCount rows, string deleteSubjects, string[] subjects, CancellationToken cancellation)
    {
        var staying = rows.StayingRows.Where(s => s.Decision.OnDelete == ReferentialAction.SetNull && IsSetting(s.Decision))
            .SelectMany(s => s.Rows.Select(r => (Row: r, s.Decision))).GroupBy(s => s.Row, s => s.Decision).Where(s => s.Count() > 1);
        foreach (var leaf in staying.GroupBy(s => s.Key.Leaf)) await SetAsync(connection, Leaf(decisions, leaf.Key), [.. leaf], cancellation);

        var going = rows.DeletedRows.GroupBy(r => r.Leaf).Select(g => (Leaf: Leaf(decisions, g.Key), Rows: g))
            .Select(g => (g.Leaf, g.Rows, Tables: decisions.Catalog.AncestorsOf(g.Leaf).Prepend(g.Leaf).ToList()))
            .Where(g => g.Tables.Exists(t => CanMatter(decisions, t))).ToList();
        var deletes = going.Select((g, i) =>
            $"d{i} AS (DELETE FROM ONLY {g.Leaf.Name.Sql} t USING unnest(${(2 * i) + 2}::text[]::tid[], ${(2 * i) + 3}::text[]::xid[]) AS k(place, writer) WHERE t.ctid = k.place AND t.xmin = k.writer)");
        await connection.ExecuteAsync(
            (going.Count > 0 ? $"WITH {string.Join(", ", deletes)} " : "") + deleteSubjects, cancellation, [subjects, .. going.SelectMany(g => (object[])[Places(g.Rows), Writers(g.Rows)])]);
    }

    private static async Task SetAsync(NpgsqlConnection connection, Table leaf, IReadOnlyList<IGrouping<ReachedRow, Decision>> rows, CancellationToken cancellation)
    {
        var columns = rows.SelectMany(r => r).SelectMany(Columns).Distinct(StringComparer.Ordinal).ToList();
        var flags = columns.Select(c => (object)rows.Select(r => r.Any(d => Columns(d).Contains(c, StringComparer.Ordinal))).ToArray());
        var set = columns.Select((c, i) => $"{Identifier.Quote(c)} = CASE WHEN k.f{i} THEN NULL ELSE t.{Identifier.Quote(c)} END");
        await connection.ExecuteAsync(
            $"UPDATE ONLY {leaf.Name.Sql} t SET {string.Join(", ", set)} FROM unnest($1::text[]::tid[], $2::text[]::xid[]{string.Concat(columns.Select((_, i) => $", ${i + 3}::bool[]"))}) "
            + $"AS k(place, writer{string.Concat(columns.Select((_, i) => $", f{i}"))}) WHERE t.ctid = k.place AND t.xmin = k.writer",
            cancellation, [Places(rows.Select(r => r.Key)), Writers(rows.Select(r => r.Key)), .. flags]);

        static IReadOnlyList<string> Columns(Decision decision) => decision.SetColumns.IsEmpty ? decision.Reference.Columns : decision.SetColumns;
    }

    private static Table Leaf(Decisions decisions, uint oid) => decisions.Catalog.Tables.First(t => t.Oid == oid);

    // Npgsql has neither tid[] nor xid[].
    private static string[] Places(IEnumerable<ReachedRow> rows) => [.. rows.Select(r => ReachedRow.Text(r.Place))];

    private static string[] Writers(IEnumerable<ReachedRow> rows) => [.. rows.Select(r => $"{r.Writer}")];
}
