using System.Diagnostics;
using Npgsql;

namespace Expunge.Postgres;

/// <summary>
/// Waits until no streaming standby is further behind than allowed. Each ACCESS EXCLUSIVE of a swap is replayed there, where it cancels the queries on these tables or waits for them; and a deletion
/// writes more log than a standby may be able to follow.
/// </summary>
internal sealed class Standbys(TimeSpan maxLag)
{
    private readonly Queue<(string Lsn, long Time)> _written = [];

    /// <summary>Remembers where the write-ahead log is after a transaction.</summary>
    /// <remarks>
    /// Where it ends with a page, the position is already behind the next page's header (40 bytes at the most), which no standby replays before a record follows: up to 15 s
    /// later. No commit is as short as that.
    /// </remarks>
    public async Task WroteAsync(NpgsqlConnection connection, CancellationToken cancellation) =>
        _written.Enqueue((await connection.ScalarAsync<string>("SELECT (pg_current_wal_insert_lsn() - 40)::text", cancellation), Stopwatch.GetTimestamp()));

    /// <summary>Waits while a streaming standby has not replayed what is older than the allowed lag.</summary>
    /// <param name="connection">A connection.</param>
    /// <param name="maxWait">How long at the most; null for as long as it takes.</param>
    /// <param name="waiting">Told who is behind, again and again.</param>
    /// <param name="cancellation">Ends the waiting.</param>
    /// <exception cref="ExpungeException"><see cref="ErrorCodes.LockNotAvailable"/>: not within that time; the message names the standbys.</exception>
    public async Task WaitAsync(NpgsqlConnection connection, TimeSpan? maxWait, Action<string> waiting, CancellationToken cancellation)
    {
        var clock = Stopwatch.StartNew();
        while (_written.TryPeek(out var oldest))
        {
            // A role without pg_monitor sees no positions (docs 28.2.2); the standby then counts as up to date.
            var behind = await connection.ListAsync(
                "SELECT coalesce(nullif(application_name, ''), client_addr::text, 'pid ' || pid) FROM pg_stat_replication WHERE state = 'streaming' AND replay_lsn < $1::pg_lsn ORDER BY 1",
                r => r.GetString(0), cancellation, oldest.Lsn);
            if (behind.Count == 0)
            {
                _written.Dequeue();
                continue;
            }

            var lag = Stopwatch.GetElapsedTime(oldest.Time);
            if (lag <= maxLag) return;
            var who = $"standby {string.Join(", ", behind)}, which is {lag.TotalSeconds:0.#} s behind";
            waiting(who);
            if (clock.Elapsed > maxWait)
            {
                throw new ExpungeException(
                    ErrorCodes.LockNotAvailable, $"waited {maxWait.Value.TotalSeconds:0.#} s for {who}",
                    "Look at the standby's long queries; then run the same command again, with a larger --max-lag where it may stay behind. What is done stays done.");
            }

            await Task.Delay(100, cancellation);
        }
    }
}
