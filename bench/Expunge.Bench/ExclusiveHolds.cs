using System.Diagnostics;
using Npgsql;

namespace Expunge.Bench;

/// <summary>Looks every 1 to 2 ms who holds ACCESS EXCLUSIVE on the tables, and how long at the longest: too short by up to that.</summary>
internal sealed class ExclusiveHolds : IAsyncDisposable
{
    private readonly CancellationTokenSource _end = new();
    private readonly Task _watching;

    private ExclusiveHolds(NpgsqlDataSource source) => _watching = Task.Run(() => WatchAsync(source));

    public double LongestMilliseconds { get; private set; }

    public static ExclusiveHolds Watch(NpgsqlDataSource source) => new(source);

    private async Task WatchAsync(NpgsqlDataSource source)
    {
        await using var connection = await source.OpenConnectionAsync();
        await using var command = new NpgsqlCommand("SELECT DISTINCT l.pid FROM pg_locks l WHERE l.mode = 'AccessExclusiveLock' AND l.granted AND l.locktype = 'relation' AND l.relation >= 16384", connection);
        await command.PrepareAsync();
        var since = new Dictionary<int, long>();
        while (!_end.IsCancellationRequested)
        {
            var now = Stopwatch.GetTimestamp();
            var holders = new HashSet<int>();
            await using (var reader = await command.ExecuteReaderAsync())
            {
                while (await reader.ReadAsync()) holders.Add(reader.GetInt32(0));
            }

            foreach (var gone in since.Keys.Except(holders).ToList()) since.Remove(gone);
            foreach (var holder in holders)
            {
                since.TryAdd(holder, now);
                LongestMilliseconds = Math.Max(LongestMilliseconds, Stopwatch.GetElapsedTime(since[holder]).TotalMilliseconds);
            }

            // Without it, it would take a core from those whom it watches.
            await Task.Delay(1);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync();
        await _watching;
        _end.Dispose();
    }
}
