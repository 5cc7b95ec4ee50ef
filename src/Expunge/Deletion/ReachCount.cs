using System.Collections.Immutable;
using Expunge.Catalog;
using Expunge.Policy;
using Expunge.Postgres;
using Npgsql;
using NpgsqlTypes;

namespace Expunge.Deletion;

/// <summary>
/// Follows the references from some rows as a DELETE would, reading only. Rows are told apart by where they lie, which does not change within a snapshot;
/// so cycles end, and a row that is reached twice counts once.
/// </summary>
internal sealed class ReachCount
{
    private const int Chunk = 5000;

    private readonly NpgsqlConnection _connection;
    private readonly Decisions _decisions;
    private readonly ILookup<uint, Decision> _toLeaf;
    private readonly Dictionary<uint, Table> _leaves;
    private readonly HashSet<ReachedRow> _deleted = [];
    private readonly Dictionary<Decision, HashSet<ReachedRow>> _touched = [];
    private readonly Queue<(uint Leaf, NpgsqlTid[] Rows)> _frontier = new();
    private IReadOnlySet<uint> _kept = ImmutableHashSet<uint>.Empty;

    private ReachCount(NpgsqlConnection connection, Decisions decisions)
    {
        _connection = connection;
        _decisions = decisions;
        _leaves = decisions.Catalog.Tables.Where(t => !t.IsPartitioned).ToDictionary(t => t.Oid);
        _toLeaf = decisions.All.SelectMany(d => decisions.Catalog.LeavesOf(d.Reference.ReferencedTable).Select(l => (l.Oid, Decision: d))).ToLookup(p => p.Oid, p => p.Decision);
    }

    /// <summary>Rows to delete, by the leaf table that holds them.</summary>
    public Dictionary<uint, long> Deleted { get; } = [];

    /// <summary>Rows that stay, by reference: those that it sets, and those by which it blocks.</summary>
    public Dictionary<Decision, long> Staying { get; } = [];

    /// <summary>Rows that refer to rows which go, by reference, whatever happens to them.</summary>
    public Dictionary<Decision, long> ByReference { get; } = [];

    /// <summary>The same of soft references.</summary>
    public Dictionary<SoftReference, long> BySoftReference { get; } = [];

    /// <summary>Rows that stay and lose a reference, by table; each counts once, however many references it loses.</summary>
    public Dictionary<uint, long> Updated { get; } = [];

    /// <summary>The rows to delete, but not those of tables that nothing refers to and that one reference leads to: they are only counted, unless they are to be kept.</summary>
    public IReadOnlyCollection<ReachedRow> DeletedRows => _deleted;

    /// <summary>The rows that stay, by the reference that sets or blocks.</summary>
    public IEnumerable<(Decision Decision, IEnumerable<ReachedRow> Rows)> StayingRows => _touched.Select(t => (t.Key, t.Value.Where(r => !_deleted.Contains(r))));

    /// <summary>For each reference asked for: the keys that its rows could refer to, a list for each referenced column, as text.</summary>
    public Dictionary<Decision, List<string[]>> ReferencedKeys { get; } = [];

    /// <param name="connection">In a transaction; REPEATABLE READ where the numbers must agree with each other.</param>
    /// <param name="decisions">The policy held against the catalog, which conforms to it.</param>
    /// <param name="keys">The subjects.</param>
    /// <param name="keysOf">The references for which to keep <see cref="ReferencedKeys"/>.</param>
    /// <param name="cancellation">Cancels it.</param>
    /// <param name="moved">Rows that were reassigned in this transaction, which no reference leads to any more.</param>
    /// <param name="kept">The leaf tables of which to keep every row; none by default.</param>
    public static async Task<ReachCount> OfAsync(
        NpgsqlConnection connection, Decisions decisions, ImmutableArray<string> keys, IReadOnlySet<Decision> keysOf, CancellationToken cancellation, IReadOnlyDictionary<Decision, HashSet<ReachedRow>>? moved = null,
        IReadOnlySet<uint>? kept = null)
    {
        var count = new ReachCount(connection, decisions) { _kept = kept ?? ImmutableHashSet<uint>.Empty };
        foreach (var (decision, rows) in moved ?? new Dictionary<Decision, HashSet<ReachedRow>>()) count._touched[decision] = rows;
        await count.AddAsync(decisions.Reach.Root, SubjectKeys.Column(decisions.Reach.Root), keys, cancellation);
        foreach (var soft in decisions.SoftReferences) count.BySoftReference[soft] = await count.AddAsync(soft.Table, soft.Column, keys, cancellation);
        await count.FollowAsync(keysOf, cancellation);
        return count;
    }

    /// <summary>The same from some rows <c>t</c> of a table, given as <c>FROM … WHERE …</c>, and keeping every row of some leaf tables.</summary>
    public static async Task<ReachCount> FromAsync(NpgsqlConnection connection, Decisions decisions, string rows, List<object?> values, IReadOnlySet<uint> kept, CancellationToken cancellation)
    {
        var count = new ReachCount(connection, decisions) { _kept = kept };
        count.Enqueue(await count.RowsAsync($"SELECT t.tableoid, t.ctid, t.xmin {rows}", values, cancellation));
        await count.FollowAsync(ImmutableHashSet<Decision>.Empty, cancellation);
        return count;
    }

    private async Task FollowAsync(IReadOnlySet<Decision> keysOf, CancellationToken cancellation)
    {
        while (_frontier.TryDequeue(out var rows))
        {
            foreach (var decision in _toLeaf[rows.Leaf]) await FollowAsync(decision, rows.Leaf, rows.Rows, keysOf.Contains(decision), cancellation);
        }

        foreach (var group in _deleted.GroupBy(r => r.Leaf)) Deleted[group.Key] = Deleted.GetValueOrDefault(group.Key) + group.Count();
        foreach (var (decision, rows) in StayingRows) Staying[decision] = rows.Count();
        foreach (var table in StayingRows.Where(s => !s.Decision.Blocks).GroupBy(s => s.Decision.Reference.Table.Oid)) Updated[table.Key] = table.SelectMany(s => s.Rows).Distinct().Count();
    }

    private async Task<long> AddAsync(Table table, Column column, ImmutableArray<string> keys, CancellationToken cancellation)
    {
        var rows = await RowsAsync($"SELECT t.tableoid, t.ctid, t.xmin FROM {table.OnlySql} t WHERE {SubjectKeys.In(column)}", [keys.ToArray()], cancellation);
        Enqueue(rows);
        return rows.Count;
    }

    private async Task FollowAsync(Decision decision, uint parent, NpgsqlTid[] parentRows, bool keepKeys, CancellationToken cancellation)
    {
        var reference = decision.Reference;
        var join = $"FROM ONLY {_leaves[parent].Name.Sql} p JOIN {reference.Table.OnlySql} c ON {string.Join(" AND ", reference.Columns.Zip(reference.ReferencedColumns, (c, p) => $"c.{Identifier.Quote(c)} = p.{Identifier.Quote(p)}"))} WHERE p.ctid = ANY ($1::text[]::tid[])";
        if (keepKeys) await KeepKeysAsync(decision, parent, parentRows, cancellation);

        // The bulk of the rows lies in tables that nothing refers to and that one reference leads to: counted where they are.
        if (decision.Deletes && !reference.Table.IsPartitioned && IsPlainLeaf(reference.Table))
        {
            var counted = await _connection.ScalarAsync<long>($"SELECT count(*) {join}", cancellation, Tids(parentRows));
            Deleted[reference.Table.Oid] = Deleted.GetValueOrDefault(reference.Table.Oid) + counted;
            ByReference[decision] = ByReference.GetValueOrDefault(decision) + counted;
            return;
        }

        var rows = await RowsAsync($"SELECT c.tableoid, c.ctid, c.xmin {join}", [Tids(parentRows)], cancellation);
        ByReference[decision] = ByReference.GetValueOrDefault(decision) + rows.Count;
        if (decision.Deletes)
        {
            Enqueue(rows);
            return;
        }

        if (!_touched.TryGetValue(decision, out var touched)) _touched[decision] = touched = [];
        touched.UnionWith(rows);
    }

    private bool IsPlainLeaf(Table table) =>
        !_toLeaf[table.Oid].Any() && _decisions.Reach.Find(table) is { Via.Length: 1 } && !_decisions.All.Any(d => d.Reference.Table.Oid == table.Oid && !d.Deletes)
        && !_decisions.SoftReferences.Any(s => s.Table.Oid == table.Oid) && !_kept.Contains(table.Oid);

    private async Task KeepKeysAsync(Decision decision, uint parent, NpgsqlTid[] rows, CancellationToken cancellation)
    {
        var columns = decision.Reference.ReferencedColumns;
        var keys = await _connection.ListAsync(
            $"SELECT {string.Join(", ", columns.Select(c => $"p.{Identifier.Quote(c)}::text"))} FROM ONLY {_leaves[parent].Name.Sql} p WHERE p.ctid = ANY ($1::text[]::tid[])",
            r => columns.Select((_, i) => r.IsDBNull(i) ? null! : r.GetString(i)).ToArray(), cancellation, Tids(rows));
        if (!ReferencedKeys.TryGetValue(decision, out var known)) ReferencedKeys[decision] = known = [];
        known.AddRange(keys.Where(k => k.All(v => v is not null)));
    }

    private void Enqueue(IEnumerable<ReachedRow> rows)
    {
        foreach (var group in rows.Where(_deleted.Add).GroupBy(r => r.Leaf, r => r.Place))
        {
            if (!_toLeaf[group.Key].Any()) continue;
            foreach (var chunk in group.Chunk(Chunk)) _frontier.Enqueue((group.Key, chunk));
        }
    }

    private Task<List<ReachedRow>> RowsAsync(string sql, List<object?> values, CancellationToken cancellation) =>
        _connection.ListAsync(sql, r => new ReachedRow(r.GetFieldValue<uint>(0), r.GetFieldValue<NpgsqlTid>(1), r.GetFieldValue<uint>(2)), cancellation, values);

    private static string[] Tids(NpgsqlTid[] rows) => [.. rows.Select(ReachedRow.Text)];
}
