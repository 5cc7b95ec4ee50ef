using System.Collections.Immutable;
using System.Diagnostics;
using Expunge.Policy;
using Expunge.Postgres;
using Expunge.Receipts;
using Expunge.Subjects;
using Npgsql;

namespace Expunge.Deletion;

/// <summary>
/// Carries out a recorded deletion in batches. What was done, how many rows, and which subjects commit with the deletion itself; so a run that is killed at any moment loses nothing, does nothing twice,
/// and the next one goes on.
/// </summary>
public sealed class DeletionRunner
{
    private const int FirstBatch = 10;
    private const int LargestBatch = 1000;
    private const int FewRows = 1000;

    // What a batch may take before it is halved, and one subject alone before it is deleted in chunks.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan PatienceWithOne = TimeSpan.FromSeconds(2);

    private readonly NpgsqlConnection _connection;
    private readonly Decisions _decisions;
    private readonly DeletionOptions _options;
    private readonly long _id;
    private readonly string? _isDue;
    private readonly string? _inactive;

    // The order of the report, which a batch without rows of some table does not know.
    private readonly Dictionary<string, int> _places;

    private readonly Throttle _throttle;
    private Dictionary<string, long> _whales = [];
    private bool _takesBack;
    private DeletionProgress _progress;

    private DeletionRunner(NpgsqlConnection connection, Decisions decisions, DeletionOptions options, DeletionJob job, string? isDue, string? inactive)
    {
        _connection = connection;
        _decisions = decisions;
        _options = options;
        _id = job.Id;
        _progress = new DeletionProgress(job.Subjects.Total - job.Subjects.Pending, job.Subjects.Total, 0, null);
        _throttle = new Throttle(connection, options, note => Tell(_progress with { Note = note }));
        _isDue = isDue;
        _inactive = inactive;
        _places = decisions.Tables.Select((t, i) => (t, i)).ToDictionary(t => t.t.Name.Display(decisions.Schema), t => t.i, StringComparer.Ordinal);
    }

    /// <summary>Runs a deletion to its end, or until it is paused or cancelled.</summary>
    /// <param name="database">The database.</param>
    /// <param name="policy">The policy under which it was asked for.</param>
    /// <param name="id">The deletion's number.</param>
    /// <param name="options">How.</param>
    /// <param name="cancellation">Stops after, or in the middle of, a batch; what is done stays done, and the next run goes on.</param>
    /// <returns>How it stands now.</returns>
    /// <exception cref="ExpungeException">It can't go on: another run is at work on it, the policy is another one, or the constraints are not as the policy says. What is done stays done.</exception>
    public static Task<DeletionJob> RunAsync(Database database, PolicyFile policy, long id, DeletionOptions options, CancellationToken cancellation = default) =>
        DeletionTelemetry.RunAsync(id, () => RunOnceAsync(database, policy, id, options, cancellation), job => job.State.Word());

    private static async Task<DeletionJob> RunOnceAsync(Database database, PolicyFile policy, long id, DeletionOptions options, CancellationToken cancellation)
    {
        // The application's triggers may need the search_path of its role: it stays.
        await using var connection = await database.OpenMaintenanceAsync(cancellation);
        await connection.ExecuteAsync("RESET search_path", cancellation);
        await using var mine = await SessionLock.TryAcquireAsync(connection, $"hashtext('expunge deletion'), {(int)id}", TimeSpan.FromSeconds(3), cancellation)
            ?? throw new ExpungeException(ErrorCodes.AnotherRun, $"Another process is at work on deletion {id}.", $"See how far it is:  expunge deletions show {id}");
        var job = await Deletions.ReadAsync(connection, id, cancellation);
        if (job.IsOver || job.State == DeletionState.Paused) return job;
        var catalog = await database.ReadCatalogAsync(connection, cancellation);
        var decisions = Decisions.Of(catalog, policy);
        var asked = (await connection.ListAsync("SELECT policy_hash, only_marked FROM expunge.deletion WHERE id = $1", r => (Policy: r.GetString(0), OnlyMarked: r.GetBoolean(1)), cancellation, id)).Single();
        if (job.Root != decisions.Reach.Root.Name.ToString() || asked.Policy != policy.Hash)
        {
            throw new ExpungeException(
                ErrorCodes.PolicyChanged, $"Deletion {id} was asked for under another policy than {policy.Path ?? "the one given"} holds now.",
                $"Give that policy, or  expunge deletions cancel {id}  and ask again. Nothing more was deleted.");
        }

        var subjects = SubjectTable.Of(catalog, policy);
        Estimator.RefuseUnfit(decisions);
        if (MissingIndex.Refusal(decisions) is { } unindexed) throw unindexed;
        await Deleter.RefuseUnsafeSessionAsync(connection, cancellation);
        await Reassignment.RefuseMissingAsync(connection, decisions, cancellation);
        await Outbox.OutboxCapture.PrepareAsync(connection, decisions, cancellation);
        await connection.ExecuteAsync("UPDATE expunge.deletion SET state = 'running', started_at = coalesce(started_at, clock_timestamp()), schema_hash = $2 WHERE id = $1 AND state IN ('pending', 'running')", cancellation, id, SchemaHash.Of(decisions));
        try
        {
            await new DeletionRunner(connection, decisions, options, job, asked.OnlyMarked ? subjects.IsDue(policy.GracePeriod) : null, subjects.IsActive is { } active ? Identifier.Quote(active.Name) : null).RunAsync(cancellation);
        }
        catch (ExpungeException e) when (e.Code == ErrorCodes.CommitUnknown)
        {
            // What was done is recorded in that commit, so the next run knows.
            cancellation.ThrowIfCancellationRequested();
            throw new ExpungeException(ErrorCodes.CommitUnknown, $"The connection ended in the middle of deletion {id}.", $"What is done stays done. Go on:  expunge deletions resume {id}", e);
        }

        return await Deletions.ReadAsync(connection, id, cancellation);
    }

    private async Task RunAsync(CancellationToken cancellation)
    {
        _takesBack = await TakingBack.IsPossibleAsync(_connection, _decisions, cancellation);
        _whales = await WhalePrediction.ReadAsync(_connection, _decisions, cancellation);
        // One that was begun is finished first.
        foreach (var key in await _connection.ListAsync("SELECT key FROM expunge.deletion_subject WHERE deletion_id = $1 AND state = 'finishing' ORDER BY place", r => r.GetString(0), cancellation, _id))
        {
            if (!await FinishAsync(key, cancellation)) return;
        }

        var size = FirstBatch;
        var place = long.MinValue;
        while (true)
        {
            var next = await NextAsync(place, size, cancellation);
            if (next.IsEmpty && place == long.MinValue) break;
            if (next.IsEmpty)
            {
                // Once more from the beginning: over is what has nothing left.
                place = long.MinValue;
                continue;
            }

            var keys = next.Select(n => n.Key).ToImmutableArray();
            if (keys.FirstOrDefault(IsWhale) is { } whale)
            {
                // It takes its time: who of the others is still to be deleted is asked again afterwards.
                if (!await BeginWhaleAsync(whale, cancellation)) return;
                continue;
            }

            var (begun, rows) = (Stopwatch.GetTimestamp(), _progress.Rows);
            if (!await DeleteAsync(keys, cancellation)) return;
            place = next[^1].Place;
            // Towards the target, by no more than half or double at once. A few rows that took long were held up by what a smaller batch would not change: a busy machine, and what every transaction costs.
            var fewest = _progress.Rows - rows < FewRows ? FirstBatch : 1;
            size = Math.Clamp((int)(keys.Length * Math.Clamp(_options.Target / Stopwatch.GetElapsedTime(begun), 0.5, 2)), fewest, LargestBatch);
        }

        await EndAsync(cancellation);
    }

    // The final state, its receipt and its entry in the audit, all or none.
    private async Task EndAsync(CancellationToken cancellation)
    {
        await using var transaction = await _connection.BeginTransactionAsync(cancellation);
        await _connection.ExecuteAsync("SET LOCAL lock_timeout = '60s'", cancellation);
        var ended = await _connection.ExecuteAsync(
            $"""
            UPDATE expunge.deletion d SET {Deletions.Forget}, state = CASE WHEN failed > 0 THEN 'failed' WHEN cancelled > 0 THEN 'cancelled' ELSE 'completed' END, finished_at = clock_timestamp(),
                   reason = CASE WHEN failed > 0 THEN failed || ' subject(s) could not be deleted' END
              FROM (SELECT count(*) FILTER (WHERE state = 'failed') AS failed, count(*) FILTER (WHERE state = 'cancelled') AS cancelled FROM expunge.deletion_subject WHERE deletion_id = $1) s
             WHERE id = $1 AND state = 'running'
            """,
            cancellation, _id);
        if (ended > 0)
        {
            await DeletionEnd.SealAsync(_connection, _id, _options.SigningKey, cancellation);
            await DeletionEnd.AuditAsync(_connection, await Deletions.ReadAsync(_connection, _id, cancellation), cancellation);
        }

        await transaction.CommitAsync(cancellation);
    }

    private bool IsWhale(string key) => _options.AlwaysInChunks || _whales.ContainsKey(key);

    private async Task<ImmutableArray<(long Place, string Key)>> NextAsync(long after, int size, CancellationToken cancellation) =>
    [
        .. await _connection.ListAsync(
            "SELECT place, key FROM expunge.deletion_subject WHERE deletion_id = $1 AND place > $2 AND state = 'pending' ORDER BY place LIMIT $3", r => (r.GetInt64(0), r.GetString(1)), cancellation, _id, after, size),
    ];

    // While a subject was finished the others can have been cancelled, and the deletion itself goes on.
    private async Task<ImmutableArray<string>> PendingAsync(ImmutableArray<string> keys, CancellationToken cancellation) =>
        [.. await _connection.ListAsync("SELECT key FROM expunge.deletion_subject WHERE deletion_id = $1 AND key = ANY ($2) AND state = 'pending' ORDER BY place", r => r.GetString(0), cancellation, _id, keys.ToArray())];

    /// <summary>Deletes them; where they can't be deleted together, each half by itself, down to the one that can't be deleted.</summary>
    /// <returns>False where the deletion is not to go on.</returns>
    private async Task<bool> DeleteAsync(ImmutableArray<string> keys, CancellationToken cancellation)
    {
        if (keys.IsEmpty) return true;
        ExpungeException failure;
        try
        {
            return await OnceAsync(keys, keys.Length > 1 ? Patience : PatienceWithOne, _isDue, cancellation);
        }
        catch (PostgresException e) when (e.SqlState == SqlStates.QueryCanceled && !cancellation.IsCancellationRequested)
        {
            if (keys is [var one]) return await BeginWhaleAsync(one, cancellation);
            failure = Deleter.Refused(e, _decisions);
        }
        catch (PostgresException e) when (!SqlStates.IsServerTrouble(e.SqlState))
        {
            failure = Deleter.Refused(e, _decisions);
        }
        catch (ExpungeException e) when (e.Code is ErrorCodes.Residue or ErrorCodes.OtherSubjects or ErrorCodes.NoHeir or ErrorCodes.ExternalChanged)
        {
            failure = e;
        }

        if (keys.Length > 1) return await DeleteAsync(keys[..(keys.Length / 2)], cancellation) && await DeleteAsync(await PendingAsync(keys[(keys.Length / 2)..], cancellation), cancellation);
        await FailAsync(keys[0], failure, cancellation);
        return true;
    }

    private async Task<bool> OnceAsync(ImmutableArray<string> keys, TimeSpan timeout, string? isDue, CancellationToken cancellation)
    {
        var goesOn = true;
        var batch = new SubjectBatch(_connection, _decisions)
        {
            StatementTimeout = timeout,
            LockTimeout = _options.MaxLockWait,
            IsDue = isDue,
            Deletion = _id,
            TakesBack = _takesBack,
            SkipLocked = keys.Length > 1,
            Begin = async () => goesOn = await GoesOnAsync(cancellation),
            Record = r => RecordAsync(r, cancellation),
        };
        var result = await batch.DeleteAsync(keys, cancellation);
        if (!goesOn) return false;
        await DoneAsync(result.Deleted.Length + result.NotFound.Length + result.Unmarked.Length, result.Lines, cancellation);
        if (!result.Deleted.IsEmpty && (await Residual.SoftAsync(_connection, _decisions, result.Deleted, cancellation)).Count > 0)
        {
            await DoneAsync(0, await batch.DeleteLateAsync(result.Deleted, lines => RecordRowsAsync(lines, cancellation), cancellation), cancellation);
            await Residual.ReportLateAsync(_connection, _decisions, result.Deleted, cancellation);
        }

        // Each by itself, and with patience.
        foreach (var busy in result.Busy)
        {
            if (!await DeleteAsync(await PendingAsync([busy], cancellation), cancellation)) return false;
        }

        return true;
    }

    // What was committed is told, and others get their turn.
    private async Task DoneAsync(int subjects, ImmutableArray<DeletionLine> lines, CancellationToken cancellation)
    {
        var rows = lines.Sum(l => l.Deleted + l.Updated);
        Tell(_progress with { Done = _progress.Done + subjects, Rows = _progress.Rows + rows, Note = null });
        await _throttle.AfterAsync(rows, cancellation);
    }

    private Task ChunkDoneAsync(ImmutableArray<DeletionLine> lines, CancellationToken cancellation)
    {
        DeletionTelemetry.Rows(lines);
        return DoneAsync(0, lines, cancellation);
    }

    // Kept where nobody listens, too: the size of the batches depends on it.
    private void Tell(DeletionProgress progress)
    {
        _progress = progress;
        _options.Progress?.Report(progress);
    }

    // Pausing and cancelling wait for the end of the transaction, and are seen in the next.
    private async Task<bool> GoesOnAsync(CancellationToken cancellation) =>
        await _connection.ScalarAsync<string>("SELECT state FROM expunge.deletion WHERE id = $1 FOR SHARE", cancellation, _id) == "running";

    private async Task FailAsync(string key, ExpungeException failure, CancellationToken cancellation)
    {
        await _connection.ExecuteAsync("UPDATE expunge.deletion_subject SET state = 'failed', reason = $3 WHERE deletion_id = $1 AND key = $2", cancellation, _id, key, $"{failure.Message}  → {failure.NextStep}  [{failure.Code}]");
        DeletionTelemetry.Failed();
        Tell(_progress with { Done = _progress.Done + 1, Note = null });
    }

    /// <summary>A subject with too many rows for one transaction: when nothing blocks it, it is begun, and what is begun is finished.</summary>
    private async Task<bool> BeginWhaleAsync(string key, CancellationToken cancellation)
    {
        try
        {
            return await Retry.RunAsync(() => TryBeginAsync(key, cancellation), cancellation, DeletionTelemetry.Retried) switch
            {
                Begun.Yes => await FinishAsync(key, cancellation),
                // Gone or unmarked meanwhile: nothing of it may be touched.
                Begun.NotThere => await OnceAsync([key], PatienceWithOne, _isDue, cancellation),
                _ => false,
            };
        }
        catch (Exception e) when (e is ExpungeException { Code: ErrorCodes.NoHeir or ErrorCodes.DeletionBlocked } || (e is PostgresException p && !SqlStates.IsServerTrouble(p.SqlState)))
        {
            await FailAsync(key, e as ExpungeException ?? Deleter.Refused((PostgresException)e, _decisions), cancellation);
            return true;
        }
    }

    private async Task<Begun> TryBeginAsync(string key, CancellationToken cancellation)
    {
        await using var transaction = await _connection.BeginTransactionAsync(cancellation);
        await _connection.ExecuteAsync($"SET LOCAL lock_timeout = {(long)_options.MaxLockWait.TotalMilliseconds}; SET LOCAL statement_timeout = '10min'", cancellation);
        if (!await GoesOnAsync(cancellation)) return Begun.NotNow;
        var (root, column) = (_decisions.Reach.Root, SubjectKeys.Column(_decisions.Reach.Root));
        if ((await _connection.ListAsync(SubjectKeys.Lock(root.Name, column, "UPDATE", _isDue), r => r.GetString(0), cancellation, [new[] { key }])).Count == 0) return Begun.NotThere;
        await Reassignment.RefuseHeirAsync(_connection, _decisions, [key], cancellation);
        var blockers = await new Whale(_connection, _decisions, key, _options).BlockersAsync(cancellation);
        if (blockers.Count > 0) throw new ExpungeException(ErrorCodes.DeletionBlocked, $"Rows of {string.Join(", ", blockers)} stay and block it.", "Delete these rows first, or decide the reference otherwise in the policy. Nothing of it was deleted.");

        // Whoever is half deleted must not be seen at work.
        if (_inactive is not null) await _connection.ExecuteAsync($"UPDATE {root.Name.Sql} SET {_inactive} = false WHERE {SubjectKeys.In(column)} AND {_inactive}", cancellation, [new[] { key }]);
        await _connection.ExecuteAsync("UPDATE expunge.deletion_subject SET state = 'finishing' WHERE deletion_id = $1 AND key = $2", cancellation, _id, key);
        await transaction.CommitAsync(cancellation);
        return Begun.Yes;
    }

    private async Task<bool> FinishAsync(string key, CancellationToken cancellation)
    {
        try
        {
            ImmutableArray<DeletionLine> chunk = [];
            await _throttle.NameOldAsync(cancellation);
            return await new Whale(_connection, _decisions, key, _options) { Deletion = _id, TakesBack = _takesBack }.RunAsync(
                    () => GoesOnAsync(cancellation), lines => RecordChunkAsync(key, chunk = lines, cancellation), () => ChunkDoneAsync(chunk, cancellation), cancellation)
                && await OnceAsync([key], TimeSpan.FromMinutes(10), isDue: null, cancellation);
        }
        catch (Exception e) when (e is ExpungeException { Code: ErrorCodes.Residue or ErrorCodes.OtherSubjects or ErrorCodes.ExternalChanged } || (e is PostgresException p && !SqlStates.IsServerTrouble(p.SqlState)))
        {
            var failure = e as ExpungeException ?? Deleter.Refused((PostgresException)e, _decisions);
            var gone = await _connection.ListAsync("SELECT unnest(gone) FROM expunge.deletion_subject WHERE deletion_id = $1 AND key = $2", r => r.GetString(0), cancellation, _id, key);
            await FailAsync(key, gone.Count > 0 ? Partially(failure, gone) : failure, cancellation);
            return true;
        }
    }

    // What was rolled back is only the last step.
    private ExpungeException Partially(ExpungeException failure, List<string> gone) => new(
        failure.Code, $"Partially deleted: something came in between. {failure.Message.Replace(" Everything was rolled back.", "", StringComparison.Ordinal)} Rows of {string.Join(", ", gone)} are gone already.",
        failure.NextStep.Replace("Nothing was deleted.", $"Then finish it:  expunge deletions retry {_id}", StringComparison.Ordinal), failure);

    private enum Begun
    {
        Yes,
        NotThere,
        NotNow,
    }

    // In the deleting transaction.
    private async Task RecordAsync(DeletionResult result, CancellationToken cancellation)
    {
        string[] keys = [.. result.Deleted, .. result.NotFound, .. result.Unmarked];
        string[] states = [.. result.Deleted.Select(_ => "deleted"), .. result.NotFound.Select(_ => "not found"), .. result.Unmarked.Select(_ => "unmarked")];
        // ANY as well: the index serves whatever the planner thinks of the join. A hash of an earlier try stays where there is no key now.
        await _connection.ExecuteAsync(
            """
            UPDATE expunge.deletion_subject s SET key = NULL, gone = NULL, state = r.state, hash = coalesce(r.hash, s.hash), hash_key = CASE WHEN r.hash IS NULL THEN s.hash_key ELSE $5 END
              FROM unnest($2::text[], $3::text[], $4::bytea[]) AS r (key, state, hash) WHERE s.deletion_id = $1 AND s.key = ANY ($2) AND s.key = r.key
            """,
            cancellation, _id, keys, states, SubjectHashes.Of(_options.SigningKey, _decisions.Reach.Root.Name, keys), _options.SigningKey?.PublicKey.ShortId ?? "");
        if (result.Lines.IsEmpty) return;
        await _connection.ExecuteAsync("UPDATE expunge.deletion SET method = $2, residual_checked = $3 WHERE id = $1 AND (method, residual_checked) IS DISTINCT FROM ($2, $3)", cancellation, _id, result.Method, result.ResidualChecked);
        await RecordRowsAsync(result.Lines, cancellation);
    }

    // Of whom, too: should something block the subject after all, it is told what is gone.
    private async Task RecordChunkAsync(string key, ImmutableArray<DeletionLine> lines, CancellationToken cancellation)
    {
        await RecordRowsAsync(lines, cancellation);
        await _connection.ExecuteAsync(
            "UPDATE expunge.deletion_subject SET gone = gone || ARRAY(SELECT t FROM unnest($3) t WHERE t <> ALL (coalesce(gone, '{}'))) WHERE deletion_id = $1 AND key = $2 AND NOT coalesce(gone, '{}') @> $3",
            cancellation, _id, key, lines.Select(l => l.Table).ToArray());
    }

    private async Task RecordRowsAsync(ImmutableArray<DeletionLine> lines, CancellationToken cancellation) =>
        await _connection.ExecuteAsync(
            """
            INSERT INTO expunge.deletion_rows AS r (deletion_id, table_name, deleted, updated, path, place)
            SELECT $1, * FROM unnest($2::text[], $3::bigint[], $4::bigint[], $5::text[], $6::int[])
                ON CONFLICT (deletion_id, table_name) DO UPDATE SET deleted = r.deleted + excluded.deleted, updated = r.updated + excluded.updated
            """,
            cancellation, _id, lines.Select(l => l.Table).ToArray(), lines.Select(l => l.Deleted).ToArray(), lines.Select(l => l.Updated).ToArray(), lines.Select(l => l.Path).ToArray(),
            lines.Select(l => _places[l.Table]).ToArray());
}
