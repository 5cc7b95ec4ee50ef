using System.Collections.Concurrent;
using System.Diagnostics;
using Expunge.Postgres;
using Npgsql;

namespace Expunge.Revisions;

/// <summary>Runs steps phase by phase. A step that fails does not keep the others from running; what depends on it is left out.</summary>
internal sealed class StepRunner(Database database, NpgsqlConnection connection, RevisionJournal journal, LockOptions locks, IProgress<StepResult>? progress)
{
    private readonly ConcurrentBag<StepResult> _results = [];
    private readonly ConcurrentDictionary<uint, bool> _unswapped = new();

    public async Task<IReadOnlyList<StepResult>> RunAsync(IEnumerable<Step> steps, CancellationToken cancellation)
    {
        var context = new StepContext(connection, journal, locks);
        foreach (var phase in steps.GroupBy(s => s.Phase))
        {
            if (phase.Key == "validate") await ValidateAsync([.. phase.Cast<ValidateStep>()], cancellation);
            else foreach (var step in phase.Where(s => s is not DropIndexStep || !_unswapped.ContainsKey(s.Table.Oid))) await RunAsync(step, context, cancellation);
        }

        return [.. _results];
    }

    // On two connections and never two on one table: their locks conflict (SHARE UPDATE EXCLUSIVE with itself).
    private async Task ValidateAsync(IReadOnlyList<ValidateStep> steps, CancellationToken cancellation)
    {
        var tables = steps.Where(s => !_unswapped.ContainsKey(s.Table.Oid)).GroupBy(s => s.Table.Oid).ToList();
        if (tables.Count == 0) return;
        var queue = new ConcurrentQueue<IGrouping<uint, ValidateStep>>(tables);
        await Task.WhenAll(Enumerable.Range(0, Math.Min(2, tables.Count)).Select(async _ =>
        {
            await using var own = await database.OpenMaintenanceAsync(cancellation);
            var context = new StepContext(own, journal, locks);
            while (queue.TryDequeue(out var table))
            {
                foreach (var step in table) await RunAsync(step, context, cancellation);
            }
        }));
    }

    private async Task RunAsync(Step step, StepContext context, CancellationToken cancellation)
    {
        var clock = Stopwatch.StartNew();
        ExpungeException? failure = null;
        try
        {
            await step.ExecuteAsync(context, cancellation);
        }
        catch (ExpungeException e)
        {
            failure = e;
        }
        catch (PostgresException e) when (e.SqlState != SqlStates.QueryCanceled || !cancellation.IsCancellationRequested)
        {
            // MessageText names objects; DETAIL, which holds row values, is never read (IncludeErrorDetail is off).
            failure = new ExpungeException(ErrorCodes.StepFailed, $"{e.MessageText} (SQLSTATE {e.SqlState})", "Correct that and run the same command again; what is done stays done.", e);
        }

        if (failure is not null && step is SwapStep or PartitionedSwapStep) _unswapped[step.Table.Oid] = true;
        var result = new StepResult(step, failure, clock.Elapsed);
        _results.Add(result);
        progress?.Report(result);
    }
}
