using System.Collections.Immutable;
using System.Diagnostics;
using Expunge.Outbox;
using Expunge.Policy;
using Expunge.Postgres;
using Npgsql;

namespace Expunge.Deletion;

/// <summary>Deletes a few subjects in one transaction: all or nothing.</summary>
internal sealed record SubjectBatch(NpgsqlConnection Connection, Decisions Decisions)
{
    /// <summary>How long one statement may take.</summary>
    public TimeSpan StatementTimeout { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>How long one statement may wait for a lock.</summary>
    public TimeSpan LockTimeout { get; init; } = TimeSpan.FromSeconds(3);

    /// <summary>What must hold of the locked row <c>t</c> for it to be deleted: that it is still marked; null for nothing.</summary>
    public string? IsDue { get; init; }

    /// <summary>Whether subjects whose rows another transaction holds are passed over: nobody then waits for the others, which are locked already, as long as for that one.</summary>
    public bool SkipLocked { get; init; }

    /// <summary>The recorded deletion that external values are captured for; null for none.</summary>
    public long? Deletion { get; init; }

    /// <summary>Whether a trigger can take back what it deletes (<see cref="TakingBack"/>).</summary>
    public bool TakesBack { get; init; }

    /// <summary>Runs in the deleting transaction, before anything is locked; false to delete nothing.</summary>
    public Func<Task<bool>>? Begin { get; init; }

    /// <summary>Runs in the deleting transaction, right before the commit.</summary>
    public Func<DeletionResult, Task>? Record { get; init; }

    /// <summary>Locks the subjects, deletes them (the cascades do the work), counts exactly what was deleted, searches for what could have been left, and commits. Again where it only came at a bad moment.</summary>
    /// <exception cref="ExpungeException">Nothing was deleted; it says why.</exception>
    /// <exception cref="PostgresException">Nothing was deleted: the server refused it.</exception>
    public async Task<DeletionResult> DeleteAsync(ImmutableArray<string> keys, CancellationToken cancellation)
    {
        var inOrder = false;
        return await DeletionTelemetry.BatchAsync(keys.Length, () => Retry.RunAsync(OnceAsync, cancellation, DeletionTelemetry.Retried));

        async Task<DeletionResult> OnceAsync()
        {
            try
            {
                if (!inOrder && await DeleteOnceAsync(keys, inOrder, cancellation) is { } done) return done;
            }
            catch (PostgresException e) when (e.SqlState is SqlStates.ForeignKeyViolation or SqlStates.RestrictViolation && Decisions.All.Any(d => InOrder.CanMatter(Decisions, d.Reference.Table)))
            {
                // Perhaps only the order was unlucky.
            }

            inOrder = true;
            return (await DeleteOnceAsync(keys, inOrder, cancellation))!;
        }
    }

    /// <returns>Null where it must be done <see cref="InOrder"/> to be counted exactly; it was rolled back.</returns>
    private async Task<DeletionResult?> DeleteOnceAsync(ImmutableArray<string> keys, bool inOrder, CancellationToken cancellation)
    {
        var clock = Stopwatch.StartNew();
        var (root, key) = (Decisions.Reach.Root, SubjectKeys.Column(Decisions.Reach.Root));
        await using var transaction = await Connection.BeginTransactionAsync(cancellation);
        await Connection.ExecuteAsync($"SET LOCAL lock_timeout = {(long)LockTimeout.TotalMilliseconds}; SET LOCAL statement_timeout = {(long)StatementTimeout.TotalMilliseconds}", cancellation);

        if (Begin is not null && !await Begin()) return new DeletionResult([], [], [], "nothing to count", 0, clock.Elapsed);

        // FOR UPDATE: no new row can refer to the subjects from here on.
        var locking = Stopwatch.GetTimestamp();
        var found = await Connection.ListAsync(SubjectKeys.Lock(root.Name, key, SkipLocked ? "UPDATE SKIP LOCKED" : "UPDATE", IsDue), r => r.GetString(0), cancellation, keys.ToArray());
        DeletionTelemetry.Locked(locking);
        ImmutableArray<string> notFound = [.. keys.Except(found)];
        var others = notFound.IsEmpty || (IsDue is null && !SkipLocked) ? []
            : await Connection.ListAsync(
                $"SELECT t.{Identifier.Quote(key.Name)}::text, coalesce({IsDue ?? "true"}, false) FROM {root.Name.Sql} t WHERE {SubjectKeys.In(key)}", r => (Key: r.GetString(0), IsDue: r.GetBoolean(1)), cancellation, notFound.ToArray());
        var result = new DeletionResult([.. found], [.. notFound.Except(others.Select(o => o.Key))], [], "nothing to count", 0, clock.Elapsed)
        {
            Unmarked = [.. others.Where(o => !o.IsDue).Select(o => o.Key)],
            Busy = [.. others.Where(o => o.IsDue).Select(o => o.Key)],
        };
        if (found.Count > 0)
        {
            if (await DeleteFoundAsync(found, inOrder, cancellation) is not var (lines, method, searched)) return null;
            result = result with { Lines = lines, Method = method, ResidualChecked = searched };
        }

        if (Record is not null) await Record(result);
        await CommitAsync(transaction, cancellation);
        return result with { Elapsed = clock.Elapsed };
    }

    /// <summary>Deletes subjects that are locked, in the transaction that the connection is in.</summary>
    /// <returns>What was deleted and set, how it was counted, and how many references were searched; null where it must be done <see cref="InOrder"/>.</returns>
    public async Task<(ImmutableArray<DeletionLine> Lines, string Method, int Searched)?> DeleteFoundAsync(IReadOnlyList<string> found, bool inOrder, CancellationToken cancellation)
    {
        var (root, key) = (Decisions.Reach.Root, SubjectKeys.Column(Decisions.Reach.Root));
        var suppressible = Residual.Suppressible(Decisions);
        var reason = !Decisions.Catalog.Server.TracksCounts ? "track_counts is off" : TakesBack ? "a trigger can take back what it deletes" : null;
        var statistics = reason is null;
        await Reassignment.RefuseHeirAsync(Connection, Decisions, found, cancellation);
        var before = await RowCounts.ReadAsync(Connection, Decisions, cancellation);
        // Before the rows are counted by where they lie: an update moves them.
        var moved = await Reassignment.MoveAsync(Connection, Decisions, [.. found], cancellation);
        var count = suppressible.Count > 0 || !statistics || inOrder ? await ReachCount.OfAsync(Connection, Decisions, [.. found], suppressible, cancellation, moved) : null;
        var external = await OutboxCapture.OfSubjectsAsync(Connection, Decisions, found, Deletion, cancellation);
        await DeleteSoftAsync([.. found], cancellation);
        var delete = $"DELETE FROM {root.Name.Sql} WHERE {SubjectKeys.In(key)}";
        if (inOrder) await InOrder.DeleteAsync(Connection, Decisions, count!, delete, found.ToArray(), cancellation);
        else await Connection.ExecuteAsync(delete, cancellation, found.ToArray());
        await Connection.ExecuteAsync("SET CONSTRAINTS ALL IMMEDIATE", cancellation);
        var searched = await Residual.RefuseAnyAsync(Connection, Decisions, found, count, cancellation);
        if (external is not null) await external.CheckAsync(cancellation);
        if ((statistics ? (await RowCounts.ReadAsync(Connection, Decisions, cancellation)).Minus(before, Decisions, inOrder ? count!.Updated : null) : Estimator.Lines(Decisions, count!)) is not { } lines) return null;
        RefuseOthers(found.Count, lines);
        return (lines, statistics ? "counted by PostgreSQL in the deleting transaction" : $"counted under lock before the deletion ({reason})", searched);
    }

    /// <summary>
    /// Deletes what other transactions wrote by a soft reference in the moment in which the subjects went: nothing keeps them from it. The subjects' rows are gone already.
    /// </summary>
    /// <returns>What it deleted, as the report's lines.</returns>
    public async Task<ImmutableArray<DeletionLine>> DeleteLateAsync(ImmutableArray<string> keys, Func<ImmutableArray<DeletionLine>, Task> record, CancellationToken cancellation) => await Retry.RunAsync(
        async () =>
        {
            await using var transaction = await Connection.BeginTransactionAsync(cancellation);
            await Connection.ExecuteAsync($"SET LOCAL lock_timeout = {(long)LockTimeout.TotalMilliseconds}; SET LOCAL statement_timeout = {(long)StatementTimeout.TotalMilliseconds}", cancellation);
            var before = await RowCounts.ReadAsync(Connection, Decisions, cancellation);
            var count = TakesBack ? await ReachCount.OfAsync(Connection, Decisions, keys, ImmutableHashSet<Decision>.Empty, cancellation) : null;
            var external = await OutboxCapture.OfSubjectsAsync(Connection, Decisions, keys, Deletion, cancellation);
            await DeleteSoftAsync(keys.ToArray(), cancellation);
            await Connection.ExecuteAsync("SET CONSTRAINTS ALL IMMEDIATE", cancellation);
            if (external is not null) await external.CheckAsync(cancellation);
            var lines = count is not null ? Estimator.Lines(Decisions, count) : (await RowCounts.ReadAsync(Connection, Decisions, cancellation)).Minus(before, Decisions, ImmutableDictionary<uint, long>.Empty)!.Value;
            await record(lines);
            await transaction.CommitAsync(cancellation);
            DeletionTelemetry.Rows(lines);
            return lines;
        },
        cancellation, DeletionTelemetry.Retried);

    private async Task DeleteSoftAsync(string[] keys, CancellationToken cancellation)
    {
        foreach (var soft in Decisions.SoftReferences) await Connection.ExecuteAsync($"DELETE FROM {soft.Table.Name.Sql} WHERE {SubjectKeys.In(soft.Column)}", cancellation, keys);
    }

    private static async Task CommitAsync(NpgsqlTransaction transaction, CancellationToken cancellation)
    {
        try
        {
            await transaction.CommitAsync(cancellation);
        }
        // A PostgresException is the server's word: a class of 57P ends the session after the commit was decided, the others roll back.
        catch (Exception e) when (e is OperationCanceledException or IOException || (e is NpgsqlException n && (n is not PostgresException p || p.SqlState.StartsWith("57P", StringComparison.Ordinal))))
        {
            throw new ExpungeException(
                ErrorCodes.CommitUnknown, "The connection ended at the commit: whether the deletion is committed is not known.",
                "Look whether the rows are still there (expunge delete ID --dry-run, or the list of users) before you try again.", e);
        }
    }

    // Unless the policy names such a cascade, nobody but the named subjects may go.
    private void RefuseOthers(int subjects, ImmutableArray<DeletionLine> lines)
    {
        var root = Decisions.Reach.Root;
        var rows = lines.FirstOrDefault(l => l.Table == root.Name.Display(Decisions.Schema))?.Deleted ?? 0;
        if (rows <= subjects || Decisions.All.Any(d => d.Reference.Table.Oid == root.Oid && d is { Deletes: true, Source: DecisionSource.Named, Action: PolicyAction.Cascade })) return;
        throw new ExpungeException(
            ErrorCodes.OtherSubjects, $"The deletion of {subjects} row(s) of {root} would have taken {rows - subjects} other(s) along, through a reference from {root} to what is deleted. Everything was rolled back.",
            "Decide the references from the root in the policy: set null, or retain, so that they block; expunge verify lists them.");
    }
}
