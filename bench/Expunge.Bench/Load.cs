using System.Diagnostics;
using Npgsql;

namespace Expunge.Bench;

/// <summary>
/// An application at work: an open loop of reads and writes at a fixed rate. A statement's latency counts from the moment at which it was due, not from the moment at which it could be sent, so
/// that whoever stands still is seen (coordinated omission).
/// </summary>
internal sealed class Load : IAsyncDisposable
{
    public const int Clients = 16;
    public const int PerSecond = 400;

    private readonly CancellationTokenSource _end = new();
    private readonly List<double> _milliseconds = [];
    private readonly Stopwatch _clock = Stopwatch.StartNew();
    private double _worst;
    private readonly Task _clients;
    private int _next;

    private Load(NpgsqlDataSource source, int clients, int perSecond, Func<int, (string Sql, int Parameter)> statement)
    {
        _clients = Task.WhenAll(Enumerable.Range(0, clients).Select(_ => Task.Run(() => ClientAsync(source, perSecond, statement))));
    }

    /// <summary>Statements that failed: deadlocks and other refusals that the application would have seen.</summary>
    public int Errors { get; private set; }

    /// <summary>When the slowest statement ended.</summary>
    public DateTime WorstAt { get; private set; }

    public static Load Start(NpgsqlDataSource source, int tables, int users) => Start(source, Clients, PerSecond, number =>
    {
        var table = (number * 31 % tables) + 1;
        return (
            (number % 4) switch
            {
                0 => $"INSERT INTO child_{table} (user_id, note) VALUES ($1, 'x')",
                1 => "UPDATE users SET name = 'n' WHERE id = $1",
                2 => "SELECT name FROM users WHERE id = $1",
                _ => $"SELECT count(*) FROM child_{table} WHERE user_id = $1",
            },
            (number * 7919 % users) + 1);
    });

    /// <summary>Other statements: the nth one and its only parameter.</summary>
    public static Load Start(NpgsqlDataSource source, int clients, int perSecond, Func<int, (string Sql, int Parameter)> statement) => new(source, clients, perSecond, statement);

    /// <summary>Ends it and says how long statements took, in milliseconds.</summary>
    public async Task<(double Median, double P99, double Worst, int Count)> StopAsync()
    {
        await _end.CancelAsync();
        await _clients;
        var sorted = _milliseconds.Order().ToList();
        return (sorted[sorted.Count / 2], sorted[(int)(sorted.Count * 0.99)], sorted[^1], sorted.Count);
    }

    private async Task ClientAsync(NpgsqlDataSource source, int perSecond, Func<int, (string Sql, int Parameter)> statement)
    {
        await using var connection = await source.OpenConnectionAsync();
        while (!_end.IsCancellationRequested)
        {
            var number = Interlocked.Increment(ref _next);
            var due = number * 1000.0 / perSecond;
            if (due - _clock.Elapsed.TotalMilliseconds is > 0 and var early) await Task.Delay(TimeSpan.FromMilliseconds(early));
            var (sql, parameter) = statement(number);
            await using var command = new NpgsqlCommand(sql, connection) { Parameters = { new NpgsqlParameter { Value = parameter } } };
            try
            {
                await command.ExecuteNonQueryAsync();
            }
            catch (PostgresException)
            {
                lock (_milliseconds) Errors++;
            }

            var latency = _clock.Elapsed.TotalMilliseconds - due;
            lock (_milliseconds)
            {
                _milliseconds.Add(latency);
                if (latency > _worst) (_worst, WorstAt) = (latency, DateTime.UtcNow);
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync();
        await _clients;
        _end.Dispose();
    }
}
