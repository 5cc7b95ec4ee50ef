using System.Diagnostics;
using Expunge.Postgres;
using Npgsql;

namespace Expunge.Revisions;

/// <summary>
/// Each ACCESS EXCLUSIVE is replayed on the standbys, where it cancels the queries on these tables or waits for them. So the next swap waits until no streaming standby is further
/// behind than allowed: then at most that much of locks is under way to them.
/// </summary>
internal sealed class Standbys(TimeSpan maxLag)
{
    private readonly Queue<(string Lsn, long Time)> _swaps = [];

    /// <summary>Remembers where the write-ahead log is after a swap.</summary>
    /// <remarks>
    /// Where a swap ends with a page, the position is already behind the next page's header (40 bytes at the most), which no standby replays before a record follows: up to 15 s
    /// later. No commit of a swap is as short as that.
    /// </remarks>
    public async Task SwappedAsync(NpgsqlConnection connection, CancellationToken cancellation) =>
        _swaps.Enqueue((await connection.ScalarAsync<string>("SELECT (pg_current_wal_insert_lsn() - 40)::text", cancellation), Stopwatch.GetTimestamp()));

    /// <summary>Waits while a streaming standby has not replayed a swap that is older than the allowed lag.</summary>
    /// <exception cref="ExpungeException"><see cref="ErrorCodes.LockNotAvailable"/>: not within <see cref="LockOptions.MaxWait"/>; the message names the standbys.</exception>
    public async Task WaitAsync(StepContext context, CancellationToken cancellation)
    {
        var clock = Stopwatch.StartNew();
        while (_swaps.TryPeek(out var oldest))
        {
            // A role without pg_monitor sees no positions (docs 28.2.2); the standby then counts as up to date.
            var behind = await context.Connection.ListAsync(
                "SELECT coalesce(nullif(application_name, ''), client_addr::text, 'pid ' || pid) FROM pg_stat_replication WHERE state = 'streaming' AND replay_lsn < $1::pg_lsn ORDER BY 1",
                r => r.GetString(0), cancellation, oldest.Lsn);
            if (behind.Count == 0)
            {
                _swaps.Dequeue();
                continue;
            }

            var lag = Stopwatch.GetElapsedTime(oldest.Time);
            if (lag <= maxLag) return;
            var who = $"standby {string.Join(", ", behind)}, which is {lag.TotalSeconds:0.#} s behind";
            context.Waiting(who);
            if (clock.Elapsed > context.Locks.MaxWait)
            {
                throw new ExpungeException(
                    ErrorCodes.LockNotAvailable, $"waited {context.Locks.MaxWait.TotalSeconds:0.#} s for {who}",
                    "Look at the standby's long queries; then run the same command again, with a larger --max-lag where it may stay behind. What is done stays done.");
            }

            await Task.Delay(100, cancellation);
        }
    }
}
