using System.Collections.Immutable;
using Expunge.Catalog;
using Expunge.Deletion;
using Expunge.Policy;
using Expunge.Postgres;
using Npgsql;
using NpgsqlTypes;

namespace Expunge.Outbox;

/// <summary>
/// Puts the external values of rows into the outbox before they are deleted, in the transaction that deletes them. The rows are found as the cascades will find them, and locked while their values are read. What another
/// transaction adds or changes in between can't be seen in advance; so PostgreSQL's own count of the deleted rows is held against the captured ones afterwards, before the commit.
/// </summary>
internal sealed class OutboxCapture
{
    internal const string Table = "expunge.outbox";

    private readonly NpgsqlConnection _connection;
    private readonly Decisions _decisions;
    private readonly Dictionary<uint, ImmutableArray<ExternalColumn>> _columns;
    private readonly Dictionary<uint, string[]> _places = [];
    private Dictionary<uint, long> _before = [];

    private OutboxCapture(NpgsqlConnection connection, Decisions decisions) => (_connection, _decisions, _columns) = (connection, decisions, ExternalWays.Columns(decisions));

    /// <summary>Makes the outbox where it is missing. Outside of a transaction, before the first one that captures.</summary>
    /// <exception cref="ExpungeException">The values could not be captured for certain, or the table can't be made.</exception>
    public static async Task PrepareAsync(NpgsqlConnection connection, Decisions decisions, CancellationToken cancellation)
    {
        if (decisions.External.IsEmpty) return;
        if (!decisions.Catalog.Server.TracksCounts)
        {
            throw new ExpungeException(
                ErrorCodes.ExternalUncounted, "track_counts is off, so nothing tells whether the external values of all deleted rows were captured.", "Set track_counts to on, as it is by default; or take  external:  out of the policy. Nothing was deleted.");
        }

        await ExpungeSchema.EnsureAsync(connection, "outbox.sql", Table, acceptPublished: false, cancellation);
    }

    /// <summary>Captures what goes with subjects that the caller has locked.</summary>
    /// <returns>What to check after the deletion; null where the policy names no external column.</returns>
    public static async Task<OutboxCapture?> OfSubjectsAsync(NpgsqlConnection connection, Decisions decisions, IEnumerable<string> keys, long? deletion, CancellationToken cancellation)
    {
        if (decisions.External.IsEmpty) return null;
        var capture = new OutboxCapture(connection, decisions);
        await capture.StoreAsync(await ReachCount.OfAsync(connection, ExternalWays.Only(decisions), [.. keys], new HashSet<Decision>(), cancellation, kept: capture._columns.Keys.ToHashSet()), deletion, cancellation);
        return capture;
    }

    /// <summary>Captures what goes with some rows of a table.</summary>
    /// <param name="connection">In the deleting transaction.</param>
    /// <param name="decisions">The policy held against the catalog.</param>
    /// <param name="leaf">The table that holds the rows.</param>
    /// <param name="condition">Which rows <c>t</c>.</param>
    /// <param name="values">The condition's values.</param>
    /// <param name="deletion">The recorded deletion; null for none.</param>
    /// <param name="cancellation">Cancels it.</param>
    /// <returns>What to check after the deletion; null where no row with external values can go with these.</returns>
    public static async Task<OutboxCapture?> OfRowsAsync(NpgsqlConnection connection, Decisions decisions, Table leaf, string condition, List<object?> values, long? deletion, CancellationToken cancellation)
    {
        if (decisions.External.IsEmpty) return null;
        var (capture, only) = (new OutboxCapture(connection, decisions), ExternalWays.Only(decisions));
        if (!capture._columns.ContainsKey(leaf.Oid) && !only.All.Any(d => decisions.Catalog.LeavesOf(d.Reference.ReferencedTable).Any(l => l.Oid == leaf.Oid))) return null;
        await capture.StoreAsync(await ReachCount.FromAsync(connection, only, $"FROM ONLY {leaf.Name.Sql} t WHERE {condition}", values, capture._columns.Keys.ToHashSet(), cancellation), deletion, cancellation);
        return capture;
    }

    /// <summary>After the deletion, before the commit: whether exactly the rows were deleted whose values were captured.</summary>
    /// <exception cref="ExpungeException"><see cref="ErrorCodes.ExternalChanged"/>: not so; the caller rolls back and tries again.</exception>
    public async Task CheckAsync(CancellationToken cancellation)
    {
        var deleted = await DeletedAsync(cancellation);
        foreach (var leaf in _columns.Keys)
        {
            var places = _places.GetValueOrDefault(leaf, []);
            if (deleted[leaf] - _before[leaf] != places.Length) throw Changed(leaf);
            // Where one row was added and another is no longer the subject's, the numbers are the same.
            if (places.Length > 0 && await _connection.ScalarAsync<bool>($"SELECT EXISTS (SELECT FROM ONLY {Leaf(leaf).Name.Sql} t WHERE t.ctid = ANY ($1::text[]::tid[]))", cancellation, [places])) throw Changed(leaf);
        }
    }

    private async Task StoreAsync(ReachCount rows, long? deletion, CancellationToken cancellation)
    {
        foreach (var leaf in rows.DeletedRows.Where(r => _columns.ContainsKey(r.Leaf)).GroupBy(r => r.Leaf))
        {
            var (columns, places) = (_columns[leaf.Key], leaf.Select(r => ReachedRow.Text(r.Place)).ToArray());
            var names = string.Join(", ", columns.Select((c, i) => $"({Identifier.Literal($"{c.Table.Name}")}, {Identifier.Literal(c.Column.Name)}, l.v{i})"));
            // A row that was changed since it was found has another writer.
            var locked = await _connection.ScalarAsync<long>(
                $"""
                WITH locked AS MATERIALIZED (
                  SELECT {string.Join(", ", columns.Select((c, i) => $"t.{Identifier.Quote(c.Column.Name)}::text AS v{i}"))}
                    FROM ONLY {Leaf(leaf.Key).Name.Sql} t JOIN unnest($1::text[]::tid[], $2::text[]::xid[]) AS k(place, writer) ON t.ctid = k.place AND t.xmin = k.writer
                     FOR UPDATE OF t),
                stored AS (
                  INSERT INTO {Table} (deletion_id, table_name, column_name, value)
                  SELECT $3, v.table_name, v.column_name, v.value FROM locked l CROSS JOIN LATERAL (VALUES {names}) AS v(table_name, column_name, value) WHERE v.value IS NOT NULL)
                SELECT count(*) FROM locked
                """,
                cancellation, places, leaf.Select(r => $"{r.Writer}").ToArray(), new NpgsqlParameter { Value = deletion ?? (object)DBNull.Value, NpgsqlDbType = NpgsqlDbType.Bigint });
            if (locked != places.Length) throw Changed(leaf.Key);
            _places[leaf.Key] = places;
        }

        _before = await DeletedAsync(cancellation);
    }

    private async Task<Dictionary<uint, long>> DeletedAsync(CancellationToken cancellation) => (await _connection.ListAsync(
        "SELECT oid, pg_stat_get_xact_tuples_deleted(oid) FROM unnest($1::oid[]) AS oid", r => (Oid: r.GetFieldValue<uint>(0), Rows: r.GetInt64(1)), cancellation,
        Commands.Oids(_columns.Keys))).ToDictionary(r => r.Oid, r => r.Rows);

    private Table Leaf(uint oid) => _decisions.Catalog.Tables.First(t => t.Oid == oid);

    private ExpungeException Changed(uint leaf) => new(
        ErrorCodes.ExternalChanged, $"The rows of {_columns[leaf][0].Table} that were deleted are not those whose external values were captured just before: they are changed by other transactions again and again, or a trigger of yours deletes such rows.",
        "Try again when less is written there; let rows of that table be deleted by a foreign key, not by a trigger. Nothing was deleted.");
}
