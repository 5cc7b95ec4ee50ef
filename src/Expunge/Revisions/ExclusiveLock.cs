using System.Diagnostics;
using Expunge.Catalog;
using Expunge.Postgres;
using Npgsql;

namespace Expunge.Revisions;

/// <summary>
/// Runs a short change under ACCESS EXCLUSIVE on a few tables, so that the application never stands in a queue behind it for more than 50 ms.
/// </summary>
/// <remarks>
/// A waiting ACCESS EXCLUSIVE blocks every later reader (PostgreSQL docs 13.3.1, lock queue). So first SHARE UPDATE EXCLUSIVE, for which no reader or writer waits and to which an
/// autovacuum yields: under it, all that can be is looked up and prepared, since no other DDL comes in between. Then ACCESS EXCLUSIVE without waiting, and after a few misses waiting 10, 25, 50 ms:
/// always below deadlock_timeout, so that in a deadlock it is we who yield. It waits with empty hands: for the table that was missed last, then takes the others without waiting; only the last try waits for each, and then less long.
/// The child comes first: a reader on it then holds up the child's readers only, not those of the root.
/// </remarks>
internal static class ExclusiveLock
{
    private const string AgainstWraparound = "(to prevent wraparound)";

    // What a statement may take once the locks are there, in milliseconds.
    private const int WorkTimeout = 30_000;

    // The last try waits for every table, in case two of them are busy in turn, and for all of them no longer than the others do for one.
    private static readonly int[] WaitsInMilliseconds = [0, 0, 0, 0, 10, 10, 25, 25, 50, 50];

    /// <summary>Prepares the work, takes the locks on the tables (the child first, the root last), does the work in the transaction that holds them, and commits. All of it may run again after a lost race.</summary>
    /// <param name="context">Of the step.</param>
    /// <param name="tables">The tables, the child first; partitions after the table that they are of.</param>
    /// <param name="prepare">Runs in the same transaction, under SHARE UPDATE EXCLUSIVE; answers with the work, or null where nothing is left to do.</param>
    /// <param name="cancellation">Cancels it.</param>
    /// <param name="mode">The lock.</param>
    /// <exception cref="ExpungeException"><see cref="ErrorCodes.LockNotAvailable"/>: not within <see cref="LockOptions.MaxWait"/>; the message names who holds them.</exception>
    public static Task RunAsync(
        StepContext context, IReadOnlyList<Table> tables, Func<Task<Func<Task>?>> prepare, CancellationToken cancellation, string mode = "ACCESS EXCLUSIVE") =>
        RunAsync(context.Connection, context.Locks, context.Waiting, tables, prepare, mode, cancellation);

    /// <summary>The same for work that is no step of a revision.</summary>
    public static async Task RunAsync(
        NpgsqlConnection connection, LockOptions options, Action<string> waiting, IReadOnlyList<Table> tables, Func<Task<Func<Task>?>> prepare, string mode, CancellationToken cancellation)
    {
        var named = tables.Where(t => tables.All(p => p.Oid != t.PartitionOf)).ToList();
        var clock = Stopwatch.StartNew();
        for (var round = 0; ; round++)
        {
            await using var transaction = await connection.BeginTransactionAsync(cancellation);
            try
            {
                var lockable = await BeginAsync(connection, named, options, cancellation);
                if (await prepare() is { } work)
                {
                    await LockAsync(connection, lockable, mode, cancellation);
                    await work();
                }

                await transaction.CommitAsync(cancellation);
                return;
            }
            catch (PostgresException e) when (IsMiss(e))
            {
                await transaction.RollbackAsync(cancellation);
                var blockers = await BlockersAsync(connection, tables.Select(t => t.Name), cancellation);
                waiting($"a lock on {string.Join(", ", named)}, {blockers}");
                if (clock.Elapsed > options.MaxWait)
                {
                    throw new ExpungeException(
                        ErrorCodes.LockNotAvailable, $"no lock on {string.Join(", ", named)} within {options.MaxWait.TotalSeconds:0.#} s; {blockers}",
                        await NextStepAsync(connection, options.LockTimeout, blockers, cancellation), e);
                }
            }

            await Task.Delay(Jitter(Math.Min(50 << Math.Min(round, 5), 1000)), cancellation);
        }
    }

    /// <summary>Takes SHARE UPDATE EXCLUSIVE on the tables.</summary>
    /// <returns>Those that this role may lock. Of the others ALTER TABLE takes the lock itself, under the lock_timeout that is set: a role can own the child and have no right to LOCK the root.</returns>
    private static async Task<List<string>> BeginAsync(NpgsqlConnection connection, IEnumerable<Table> tables, LockOptions options, CancellationToken cancellation)
    {
        // The idle timeout is for a client that stands still with the lock in hand: a laptop that sleeps, a network that is gone. The commit does not wait, with the lock in hand, for the disk or a
        // synchronous standby: change and journal are one transaction, and the revision's last one, which says that it is applied, waits for all before it.
        await connection.ExecuteAsync(
            $"SET LOCAL lock_timeout = {Milliseconds(options.LockTimeout)}; SET LOCAL statement_timeout = {Milliseconds(options.LockTimeout) + WorkTimeout}; SET LOCAL idle_in_transaction_session_timeout = '5s'; SET LOCAL synchronous_commit = off", cancellation);
        var lockable = new List<string>();
        // LOCK TABLE takes the partitions too, also those that came since; of an inheritance parent it takes the table alone, as ALTER TABLE will.
        foreach (var table in tables.Select(t => t.OnlySql))
        {
            await connection.ExecuteAsync("SAVEPOINT lock_table", cancellation);
            try
            {
                await connection.ExecuteAsync($"LOCK TABLE {table} IN SHARE UPDATE EXCLUSIVE MODE; RELEASE SAVEPOINT lock_table", cancellation);
                lockable.Add(table);
            }
            catch (PostgresException e) when (e.SqlState == SqlStates.InsufficientPrivilege)
            {
                await connection.ExecuteAsync("ROLLBACK TO SAVEPOINT lock_table", cancellation);
            }
        }

        return lockable;
    }

    private static async Task LockAsync(NpgsqlConnection connection, List<string> tables, string mode, CancellationToken cancellation)
    {
        for (var attempt = 0; ; attempt++)
        {
            var last = attempt == WaitsInMilliseconds.Length - 1;
            var wait = WaitsInMilliseconds[attempt] / (last ? Math.Max(tables.Count, 1) : 1);
            // One round trip: the locks that it has count while it asks for the next.
            await using var batch = new NpgsqlBatch(connection);
            batch.BatchCommands.Add(new NpgsqlBatchCommand("SAVEPOINT exclusive"));
            batch.BatchCommands.Add(new NpgsqlBatchCommand($"SET LOCAL lock_timeout = {Math.Max(wait, 1)}"));
            // The lock_timeout begins anew with each partition.
            if (wait > 0) batch.BatchCommands.Add(new NpgsqlBatchCommand($"SET LOCAL statement_timeout = {wait + 1}"));
            var first = batch.BatchCommands.Count;
            foreach (var (table, place) in tables.Select((t, i) => (t, i)))
            {
                batch.BatchCommands.Add(new NpgsqlBatchCommand($"LOCK TABLE {table} IN {mode} MODE{(wait > 0 && (place == 0 || last) ? "" : " NOWAIT")}"));
            }

            batch.BatchCommands.Add(new NpgsqlBatchCommand("SET LOCAL lock_timeout = 50"));
            batch.BatchCommands.Add(new NpgsqlBatchCommand($"SET LOCAL statement_timeout = {WorkTimeout}"));
            try
            {
                await batch.ExecuteNonQueryAsync(cancellation);
                return;
            }
            catch (PostgresException e) when (IsMiss(e) && e.SqlState != SqlStates.DeadlockDetected && !last)
            {
                await connection.ExecuteAsync("ROLLBACK TO SAVEPOINT exclusive", cancellation);
                var missed = Math.Clamp(batch.BatchCommands.IndexOf((NpgsqlBatchCommand)e.BatchCommand!) - first, 0, tables.Count - 1);
                (tables[0], tables[missed]) = (tables[missed], tables[0]);
                await Task.Delay(Jitter(20), cancellation);
            }
        }
    }

    /// <summary>Who holds locks on the tables, for a message: pid, application, state and age; no query text, which may hold personal data.</summary>
    public static async Task<string> BlockersAsync(NpgsqlConnection connection, IEnumerable<QualifiedName> tables, CancellationToken cancellation)
    {
        var blockers = await connection.ListAsync(
            $"""
            SELECT DISTINCT CASE WHEN p.gid IS NULL THEN {OpenTransactions.Session} ELSE {OpenTransactions.Prepared} END
              FROM pg_locks l LEFT JOIN pg_stat_activity a USING (pid)
              LEFT JOIN pg_locks x ON l.pid IS NULL AND x.pid IS NULL AND x.locktype = 'transactionid' AND x.virtualtransaction = l.virtualtransaction LEFT JOIN pg_prepared_xacts p ON p.transaction = x.transactionid
             WHERE l.locktype = 'relation' AND l.granted AND l.pid IS DISTINCT FROM pg_backend_pid() AND coalesce(a.pid::text, p.gid) IS NOT NULL AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
               AND l.relation = ANY (SELECT to_regclass(t)::oid FROM unnest($1::text[]) t)
            """,
            r => r.GetString(0), cancellation, tables.Select(t => t.Sql).ToArray());
        return blockers.Count == 0 ? "the holder has gone meanwhile" : $"held by {string.Join(", ", blockers)}";
    }

    /// <summary>What to do about those who were in the way of a try that stood in the queue for so long.</summary>
    public static async Task<string> NextStepAsync(NpgsqlConnection connection, TimeSpan lockTimeout, string blockers, CancellationToken cancellation)
    {
        if (blockers.Contains(AgainstWraparound, StringComparison.Ordinal))
        {
            return "That autovacuum makes way for nobody, and PostgreSQL needs it: don't end it, it ends by itself. Then run the same command again; what is done stays done.";
        }

        var patience = await connection.ScalarAsync<double>("SELECT extract(epoch FROM current_setting('deadlock_timeout')::interval)::float8", cancellation);
        return blockers.Contains("(autovacuum", StringComparison.Ordinal) && lockTimeout.TotalSeconds <= patience
            ? $"An autovacuum makes way only for a try that waits longer than deadlock_timeout ({patience:0.##} s): run the same command again with --lock-timeout {Math.Floor(patience) + 2}. What is done stays done."
            : "Run the same command again when they have ended; what is done stays done.";
    }

    // The short statement_timeout of a try may also end one of the SETs beside its LOCKs, where the server stands still.
    private static bool IsMiss(PostgresException e) => e.SqlState is SqlStates.LockNotAvailable or SqlStates.DeadlockDetected
        || (e is { SqlState: SqlStates.QueryCanceled, BatchCommand.CommandText: var sql } && (sql.StartsWith("LOCK TABLE", StringComparison.Ordinal) || sql.StartsWith("SET LOCAL", StringComparison.Ordinal)));

    private static int Milliseconds(TimeSpan time) => (int)Math.Max(1, time.TotalMilliseconds);

    private static TimeSpan Jitter(int milliseconds) => TimeSpan.FromMilliseconds(milliseconds * (0.5 + Random.Shared.NextDouble()));
}
