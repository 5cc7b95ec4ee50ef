using System.Diagnostics.Metrics;
using Expunge.Deletion;
using Expunge.Postgres;
using Microsoft.Extensions.Hosting;

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
        _meter.CreateObservableGauge("expunge.queue.depth", () => Told(q => q.Depth), "{deletion}", "Deletions of the queue that nobody is at work on");
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
            var waiting = (await DeletionQueue.ReadAsync(_database, cancellation)).Where(q => q.IsForsaken).ToList();
            return new Queue(waiting.Count, waiting.Count == 0 ? 0 : Math.Max(0, (DateTimeOffset.UtcNow - waiting[0].QueuedAt).TotalSeconds));
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
