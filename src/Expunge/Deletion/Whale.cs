using System.Collections.Immutable;
using System.Diagnostics;
using Expunge.Catalog;
using Expunge.Graph;
using Expunge.Outbox;
using Expunge.Policy;
using Expunge.Postgres;
using Npgsql;

namespace Expunge.Deletion;

/// <summary>
/// Deletes most rows of one subject that has very many, before the subject itself: in chunks of a transaction each, bottom-up, so that nobody waits for a transaction of minutes. What is left, and what arrives
/// in between, goes with the subject's row.
/// </summary>
internal sealed class Whale(NpgsqlConnection connection, Decisions decisions, string key, DeletionOptions options)
{
    private const int FirstChunk = 1000;
    private const int LargestChunk = 50_000;

    // Fewer rows than that go with the subject's own row.
    private readonly int _few = options.AlwaysInChunks ? 1 : 1000;

    // Of references that form a net there are more ways than anybody wants to walk; the subject's own row takes the rest along.
    private const int MostWays = 200;

    private const string Subject = "expunge.subject";
    private const string Key = $"current_setting('{Subject}')";

    private const string AtPages = "t.ctid BETWEEN ($1::text[])[1]::tid AND ($1::text[])[2]::tid";

    // The SELECT hides how many they are: of many the planner believes that reading the whole table is cheaper, for each chunk.
    private const string AtPlaces = "t.ctid = ANY ((SELECT $1::text[]::tid[])::tid[])";

    private int _size = options.AlwaysInChunks ? 2 : FirstChunk;

    // Whether the ways that were found are all that there are.
    private bool _allWays = true;

    /// <summary>The recorded deletion that external values are captured for.</summary>
    public long? Deletion { get; init; }

    /// <summary>Whether a trigger can take back what it deletes (<see cref="TakingBack"/>).</summary>
    public bool TakesBack { get; init; }

    /// <summary>Deletes and sets the rows, chunk by chunk.</summary>
    /// <param name="begin">At the beginning of each chunk's transaction: whether to go on.</param>
    /// <param name="record">At its end: what it did.</param>
    /// <param name="after">After it: time to make way for others.</param>
    /// <param name="cancellation">Stops between two chunks, or rolls one back.</param>
    /// <returns>False where it is not to go on.</returns>
    public async Task<bool> RunAsync(Func<Task<bool>> begin, Func<ImmutableArray<DeletionLine>, Task> record, Func<Task> after, CancellationToken cancellation)
    {
        await NameSubjectAsync(cancellation);
        // One that failed may have left its list behind.
        await connection.ExecuteAsync("CLOSE ALL", cancellation);
        foreach (var part in Ways())
        {
            if (!await RunAsync(part, begin, record, after, cancellation)) return false;
        }

        return true;
    }

    private async Task<bool> RunAsync(Part part, Func<Task<bool>> begin, Func<ImmutableArray<DeletionLine>, Task> record, Func<Task> after, CancellationToken cancellation)
    {
        List<Extent> extents;
        await using (var transaction = await connection.BeginTransactionAsync(cancellation))
        {
            await connection.ExecuteAsync("SET LOCAL statement_timeout = '10min'", cancellation);
            extents = await Extent.ReadAsync(connection, decisions, part.Table, part.Condition, cancellation);
            await transaction.CommitAsync(cancellation);
        }

        if (extents.Sum(e => e.Rows) < _few) return true;
        foreach (var extent in extents)
        {
            if (!await (extent.IsDense ? PagesAsync(extent) : ListAsync(extent))) return false;
        }

        // Who passes the dead rows first marks them in the index (PostgreSQL docs, Index Access Method Interface Definition, kill_prior_tuple); better now than with the subject locked.
        if (part.Depth == 1) await connection.ScalarAsync<bool>($"SELECT EXISTS (SELECT FROM {part.Table.OnlySql} t WHERE {part.Condition})", cancellation);
        return true;

        async Task<bool> PagesAsync(Extent extent)
        {
            for (var (page, pages) = (extent.First, 0); page <= extent.Last; page += pages)
            {
                pages = extent.PagesOf(_size);
                if (!await ChunkOfAsync(extent, AtPages, [$"({page},0)", $"({Math.Min(page + pages - 1, extent.Last)},65535)"], extent.RowsOf(pages))) return false;
            }

            return true;
        }

        async Task<bool> ListAsync(Extent extent)
        {
            // The server keeps the list: where they lie, in the order in which they lie on the disk.
            await using (var transaction = await connection.BeginTransactionAsync(cancellation))
            {
                await connection.ExecuteAsync("SET LOCAL statement_timeout = '10min'", cancellation);
                await connection.ExecuteAsync($"DECLARE expunge_rows NO SCROLL CURSOR WITH HOLD FOR SELECT t.ctid::text FROM ONLY {extent.Leaf.Name.Sql} t WHERE {part.Condition} ORDER BY t.ctid", cancellation);
                await transaction.CommitAsync(cancellation);
            }

            var goesOn = true;
            while (goesOn && await connection.ListAsync($"FETCH {_size} FROM expunge_rows", r => r.GetString(0), cancellation) is { Count: > 0 } places) goesOn = await ChunkOfAsync(extent, AtPlaces, [.. places], places.Count);
            await connection.ExecuteAsync("CLOSE expunge_rows", cancellation);
            return goesOn;
        }

        async Task<bool> ChunkOfAsync(Extent extent, string at, string[] places, int rows)
        {
            var begun = Stopwatch.GetTimestamp();
            if (!await Retry.RunAsync(() => ChunkAsync(part, extent.Leaf, at, places, begin, record, cancellation), cancellation, DeletionTelemetry.Retried)) return false;
            _size = Math.Clamp((int)(rows * Math.Clamp(options.Target / Stopwatch.GetElapsedTime(begun), 0.5, 2)), options.AlwaysInChunks ? 2 : 100, LargestChunk);
            await after();
            return true;
        }
    }

    // Into a setting of the session: a cursor takes no parameters.
    private Task<string> NameSubjectAsync(CancellationToken cancellation) => connection.ScalarAsync<string>($"SELECT set_config('{Subject}', $1, false)", cancellation, key);

    /// <summary>The references by which rows block it, each with the reason: looked for before the first chunk.</summary>
    public async Task<List<string>> BlockersAsync(CancellationToken cancellation)
    {
        if (!decisions.All.Any(d => d.Blocks)) return [];
        await NameSubjectAsync(cancellation);
        var parts = Parts(d => d.Blocks);
        // Of a way that comes through a table twice, or begins at a soft reference, only following every row tells.
        if (!_allWays) return await FollowAsync();
        var blockers = new List<string>();
        foreach (var part in parts)
        {
            if (!await connection.ScalarAsync<bool>($"SELECT EXISTS (SELECT FROM {part.Table.OnlySql} t WHERE {part.Condition})", cancellation)) continue;
            // Rows that would block may go themselves, in another way.
            if (InOrder.CanMatter(decisions, part.Table)) return await FollowAsync();
            blockers.Add($"{part.Name} ({part.Setting!.Reason ?? $"ON DELETE {part.Setting.Reference.Constraints[0].DeleteRule}"})");
        }

        return [.. blockers.Distinct(StringComparer.Ordinal)];

        async Task<List<string>> FollowAsync() => [.. (await Estimator.CountAsync(connection, decisions, [key], cancellation)).Blockers.Select(b => $"{b.Reference} ({b.Reason})")];
    }

    private async Task<bool> ChunkAsync(Part part, Table leaf, string at, string[] places, Func<Task<bool>> begin, Func<ImmutableArray<DeletionLine>, Task> record, CancellationToken cancellation)
    {
        await using var transaction = await connection.BeginTransactionAsync(cancellation);
        // Compiling a statement takes longer than a chunk.
        await connection.ExecuteAsync($"SET LOCAL lock_timeout = {(long)options.MaxLockWait.TotalMilliseconds}; SET LOCAL statement_timeout = '60s'; SET LOCAL jit = off", cancellation);
        if (!await begin()) return false;
        var before = await RowCounts.ReadAsync(connection, decisions, cancellation);
        var external = part.Setting is null ? await OutboxCapture.OfRowsAsync(connection, decisions, leaf, $"{at} AND {part.OfEach}", [places], Deletion, cancellation) : null;
        // The condition again: at that place may be another row by now.
        var there = $"{at} AND {part.OfEach}";
        var statement = $"{part.Statement(leaf)} WHERE {there}";
        // Seldom: the same rows as they are found, where the statistics would count more.
        var rows = TakesBack && part.Setting is null ? await ReachCount.FromAsync(connection, decisions, $"FROM ONLY {leaf.Name.Sql} t WHERE {there}", [places], ImmutableHashSet<uint>.Empty, cancellation) : null;
        List<object?> values = part.Setting?.ReassignTo is { } heir ? [places, heir] : [places];
        var changed = part.IsSuppressible ? await RefuseSuppressedAsync(part, $"SELECT FROM ONLY {leaf.Name.Sql} t WHERE {there} FOR UPDATE OF t", places, statement, values, cancellation)
            : await connection.ExecuteAsync(statement, cancellation, values);
        await connection.ExecuteAsync("SET CONSTRAINTS ALL IMMEDIATE", cancellation);
        if (external is not null) await external.CheckAsync(cancellation);
        await record(rows is not null ? Estimator.Lines(decisions, rows) : TakesBack ? Estimator.Lines(decisions, _ => 0, t => t.Oid == part.Table.Oid ? changed : 0)
            : (await RowCounts.ReadAsync(connection, decisions, cancellation)).Since(before, decisions));
        await transaction.CommitAsync(cancellation);
        return true;
    }

    // In the chunk that notices it: later ones would leave a half of the subject.
    private async Task<int> RefuseSuppressedAsync(Part part, string rows, string[] places, string statement, List<object?> values, CancellationToken cancellation)
    {
        var locked = (await connection.ListAsync(rows, _ => true, cancellation, [places])).Count;
        var done = await connection.ListAsync($"{statement} RETURNING {(part.Setting is null ? "true" : $"({part.Condition}) IS NOT TRUE")}", r => r.GetBoolean(0), cancellation, values);
        var left = locked - done.Count(d => d);
        return left > 0 ? throw Residual.Left([(part.Name, left)]) : locked;
    }

    /// <summary>What to delete and set, the deepest tables first; what is only set before what is deleted.</summary>
    private IEnumerable<Part> Ways()
    {
        var parts = Parts(d => !d.Blocks);
        foreach (var soft in decisions.SoftReferences)
        {
            var condition = $"t.{Identifier.Quote(soft.Column.Name)} = {Key}::{soft.Column.Type}";
            parts.Add(new Part(soft.Table, condition, condition, null, 1, soft.Display(decisions.Schema)));
        }

        // Rows that can be both set and deleted are counted exactly only with the subject's own row.
        if (decisions.All.Any(d => InOrder.CanMatter(decisions, d.Reference.Table))) parts.RemoveAll(p => p.Setting is not null || InOrder.CanMatter(decisions, p.Table) || decisions.All.Any(d => d.Reference.ReferencedTable.Oid == p.Table.Oid));
        return parts.OrderByDescending(p => p.Depth).ThenBy(p => p.Setting is null);
    }

    /// <summary>The ways from a table to the subject, by the references asked for.</summary>
    private List<Part> Parts(Func<Decision, bool> wanted)
    {
        var root = decisions.Reach.Root;
        var rootKey = SubjectKeys.Column(root);
        var parts = new List<Part>();
        foreach (var decision in decisions.All.Where(wanted))
        {
            foreach (var path in Paths(decision.Reference.ReferencedTable, [decision.Reference]))
            {
                parts.Add(new Part(decision.Reference.Table, Condition(path), OfEach(path, 0), decision.Deletes ? null : decision, path.Length, decision.Reference.Display(decisions.Schema)));
                if (parts.Count < MostWays) continue;
                _allWays = false;
                break;
            }
        }

        return parts;

        string Condition(ImmutableArray<Reference> path)
        {
            var condition = "";
            for (var i = path.Length - 1; i >= 0; i--)
            {
                var (reference, alias) = (path[i], i == 0 ? "t" : $"t{i}");
                var columns = string.Join(", ", reference.Columns.Select(c => $"{alias}.{Identifier.Quote(c)}"));
                var isKey = reference.ReferencedTable.Oid == root.Oid && reference.ReferencedColumns.SequenceEqual([rootKey.Name]);
                condition = isKey ? $"{columns} = {Key}::{rootKey.Type}"
                    : $"({columns}) IN (SELECT {string.Join(", ", reference.ReferencedColumns.Select(c => $"t{i + 1}.{Identifier.Quote(c)}"))} FROM {reference.ReferencedTable.OnlySql} t{i + 1} WHERE {(condition.Length > 0 ? condition : $"t{i + 1}.{Identifier.Quote(rootKey.Name)} = {Key}::{rootKey.Type}")})";
            }

            return condition;
        }

        // The same, looked up by the key of what each row refers to: a join, and the planner would read all of the subject's rows for each chunk. OFFSET 0 keeps it from making one.
        string OfEach(ImmutableArray<Reference> path, int i)
        {
            var (reference, alias, next) = (path[i], i == 0 ? "t" : $"t{i}", $"t{i + 1}");
            if (reference.ReferencedTable.Oid == root.Oid && reference.ReferencedColumns.SequenceEqual([rootKey.Name])) return $"{alias}.{Identifier.Quote(reference.Columns[0])} = {Key}::{rootKey.Type}";
            var same = string.Join(" AND ", reference.Columns.Zip(reference.ReferencedColumns, (a, b) => $"{next}.{Identifier.Quote(b)} = {alias}.{Identifier.Quote(a)}"));
            return $"EXISTS (SELECT FROM {reference.ReferencedTable.OnlySql} {next} WHERE {same} AND {(i + 1 < path.Length ? OfEach(path, i + 1) : $"{next}.{Identifier.Quote(rootKey.Name)} = {Key}::{rootKey.Type}")} OFFSET 0)";
        }
    }

    // Simple ones: a way does not come through a table twice.
    private IEnumerable<ImmutableArray<Reference>> Paths(Table from, ImmutableArray<Reference> behind)
    {
        if (from.Oid == decisions.Reach.Root.Oid)
        {
            yield return behind;
            yield break;
        }

        var via = decisions.Reach.Find(from)?.Via ?? [];
        _allWays &= via.Length > 0 && !decisions.SoftReferences.Any(s => s.Table.Oid == from.Oid);
        foreach (var reference in via)
        {
            if (behind.Any(b => b.Table.Oid == reference.ReferencedTable.Oid || b.Table.Oid == reference.Table.Oid && b != behind[^1]))
            {
                _allWays = false;
                continue;
            }

            foreach (var path in Paths(reference.ReferencedTable, behind.Add(reference))) yield return path;
        }
    }

    private sealed record Part(Table Table, string Condition, string OfEach, Decision? Setting, int Depth, string Name)
    {
        public bool IsSuppressible => (Setting is null ? Table.DeleteSuppressors : Table.UpdateSuppressors).Length > 0;

        public string Statement(Table leaf) => Setting is null ? $"DELETE FROM ONLY {leaf.Name.Sql} t"
            : Setting.ReassignTo is not null ? $"UPDATE ONLY {leaf.Name.Sql} t SET {Reassignment.Set(Setting, "$2")}"
            : $"UPDATE ONLY {leaf.Name.Sql} t SET {string.Join(", ", (Setting.SetColumns.IsEmpty ? Setting.Reference.Columns : Setting.SetColumns).Select(c => $"{Identifier.Quote(c)} = {(Setting.OnDelete == ReferentialAction.SetNull ? "NULL" : "DEFAULT")}"))}";
    }
}
