using System.Collections.Immutable;
using System.Diagnostics;
using System.Diagnostics.Metrics;
using Expunge.Postgres;
using Npgsql;

namespace Expunge.Deletion;

/// <summary>What deletions measure and trace, for whoever listens to the meter and the activity source <c>Expunge</c>. Tables and outcomes are named; subjects, their keys and what they hold never are.</summary>
public static class DeletionTelemetry
{
    /// <summary>The name of the meter and of the activity source.</summary>
    public const string Name = "Expunge";

    private static readonly ActivitySource Source = new(Name);
    private static readonly Meter Meter = new(Name);

    private static readonly Counter<long> Deletions = Meter.CreateCounter<long>("expunge.deletions", "{deletion}", "Runs of deletions that ended, by outcome");
    private static readonly Counter<long> Subjects = Meter.CreateCounter<long>("expunge.deletion.subjects", "{subject}", "Subjects that deletions are through with, by outcome");
    private static readonly Counter<long> RowCounter = Meter.CreateCounter<long>("expunge.deletion.rows", "{row}", "Rows that were deleted, or set and kept, by table");
    private static readonly Histogram<double> BatchTime = Meter.CreateHistogram(
        "expunge.deletion.batch.duration", "s", "Time of a deleting transaction with its retries, by outcome", advice: Seconds(0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.5, 1, 2.5, 5, 10, 30, 60));

    private static readonly Histogram<double> LockTime = Meter.CreateHistogram(
        "expunge.deletion.lock.duration", "s", "Time until the subjects of a transaction were locked", advice: Seconds(0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 2, 3, 5));

    private static readonly Counter<long> Retries = Meter.CreateCounter<long>("expunge.deletion.retries", "{retry}", "Transactions that were rolled back and tried again, by reason");
    private static readonly Counter<double> LagTime = Meter.CreateCounter<double>("expunge.deletion.lag.wait", "s", "Time that deletions waited for standbys that were behind");

    /// <summary>Follows a run to its end: what it comes to is counted, and an exception is its outcome, too.</summary>
    /// <param name="id">The deletion's number; null where it is not recorded.</param>
    /// <param name="run">The run.</param>
    /// <param name="outcome">What its result is called: <c>completed</c>, <c>failed</c>, <c>cancelled</c>, <c>paused</c>.</param>
    internal static async Task<T> RunAsync<T>(long? id, Func<Task<T>> run, Func<T, string> outcome)
    {
        using var activity = Source.StartActivity("expunge deletion");
        activity?.SetTag("expunge.deletion.id", id);
        var ended = "failed";
        try
        {
            var result = await run();
            ended = outcome(result);
            return result;
        }
        catch (Exception e)
        {
            if (e is OperationCanceledException) ended = "interrupted";
            // Not the message: PostgreSQL's can hold what a row holds.
            activity?.SetStatus(ActivityStatusCode.Error, (e as ExpungeException)?.Code ?? e.GetType().Name);
            throw;
        }
        finally
        {
            activity?.SetTag("expunge.outcome", ended);
            Deletions.Add(1, new KeyValuePair<string, object?>("outcome", ended));
        }
    }

    /// <summary>Follows the deletion of a batch, with its retries.</summary>
    internal static async Task<DeletionResult> BatchAsync(int subjects, Func<Task<DeletionResult>> run)
    {
        using var activity = Source.StartActivity("expunge batch");
        activity?.SetTag("expunge.subjects", subjects);
        var begun = Stopwatch.GetTimestamp();
        var outcome = "refused";
        try
        {
            var result = await run();
            outcome = "committed";
            Add(result.Deleted.Length, "deleted");
            Add(result.NotFound.Length, "not found");
            Add(result.Unmarked.Length, "unmarked");
            Rows(result.Lines);
            activity?.SetTag("expunge.rows", result.Lines.Sum(l => l.Deleted + l.Updated));
            return result;
        }
        catch (Exception e)
        {
            activity?.SetStatus(ActivityStatusCode.Error, (e as PostgresException)?.SqlState ?? (e as ExpungeException)?.Code ?? e.GetType().Name);
            throw;
        }
        finally
        {
            BatchTime.Record(Stopwatch.GetElapsedTime(begun).TotalSeconds, new KeyValuePair<string, object?>("outcome", outcome));
        }
    }

    /// <summary>A subject could not be deleted.</summary>
    internal static void Failed() => Add(1, "failed");

    /// <summary>Rows that a committed transaction has deleted and set.</summary>
    internal static void Rows(ImmutableArray<DeletionLine> lines)
    {
        foreach (var line in lines)
        {
            if (line.Deleted > 0) RowCounter.Add(line.Deleted, new("table", line.Table), new("action", "deleted"));
            if (line.Updated > 0) RowCounter.Add(line.Updated, new("table", line.Table), new("action", "set"));
        }
    }

    /// <summary>The subjects of a transaction are locked.</summary>
    internal static void Locked(long begun) => LockTime.Record(Stopwatch.GetElapsedTime(begun).TotalSeconds);

    /// <summary>A transaction is tried again.</summary>
    internal static void Retried(Exception why) => Retries.Add(1, new KeyValuePair<string, object?>("reason", (why as PostgresException)?.SqlState switch
    {
        SqlStates.LockNotAvailable => "lock not available",
        SqlStates.DeadlockDetected => "deadlock",
        SqlStates.SerializationFailure => "serialization failure",
        _ => "changed meanwhile",
    }));

    /// <summary>A deletion has waited for standbys.</summary>
    internal static void WaitedForStandbys(TimeSpan time) => LagTime.Add(time.TotalSeconds);

    private static void Add(int subjects, string outcome)
    {
        if (subjects > 0) Subjects.Add(subjects, new KeyValuePair<string, object?>("outcome", outcome));
    }

    private static InstrumentAdvice<double> Seconds(params double[] boundaries) => new() { HistogramBucketBoundaries = boundaries };
}
