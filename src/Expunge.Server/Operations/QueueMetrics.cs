using System.Diagnostics.Metrics;
using Expunge.Postgres;
using Microsoft.Extensions.Hosting;
using Npgsql;

namespace Expunge.Server.Operations;

/// <summary>How many deletions wait, and how long the oldest has: what tells that the workers are too few or gone. Read at intervals, since whoever collects metrics must not wait for the database.</summary>
internal sealed class QueueMetrics : BackgroundService
{
    public const string MeterName = "Expunge.Server";

    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(10);

    private readonly Database _database;
    private readonly Meter _meter;

    // Null where it is not known: nothing is told then, rather than what was once.
    private volatile Queue? _queue;

    public QueueMetrics(Database database, IMeterFactory meters)
    {
        _database = database;
        _meter = meters.Create(MeterName);
        _meter.CreateObservableGauge("expunge.queue.depth", () => Told(q => q.Depth), "{deletion}", "Deletions that wait to be begun");
        _meter.CreateObservableGauge("expunge.queue.age", () => Told(q => q.Age), "s", "How long the oldest of them has waited");
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Interval);
        do
        {
            _queue = await ReadAsync(stoppingToken);
        }
        while (await timer.WaitForNextTickAsync(stoppingToken));
    }

    private async Task<Queue?> ReadAsync(CancellationToken cancellation)
    {
        try
        {
            await using var connection = await _database.OpenAsync(cancellation);
            return (await connection.ListAsync(
                "SELECT count(*), coalesce(extract(epoch FROM clock_timestamp() - min(created_at)), 0)::float8 FROM expunge.deletion WHERE state = 'pending'", r => new Queue(r.GetInt64(0), r.GetDouble(1)), cancellation)).Single();
        }
        // Before the first deletion there is no such table.
        catch (PostgresException e) when (e.SqlState == PostgresErrorCodes.UndefinedTable)
        {
            return new Queue(0, 0);
        }
        // Whatever it is: it must not end the server.
        catch (Exception e) when (e is not OperationCanceledException)
        {
            return null;
        }
    }

    private IEnumerable<Measurement<double>> Told(Func<Queue, double> value) => _queue is { } queue ? [new(value(queue))] : [];

    private sealed record Queue(long Depth, double Age);
}
