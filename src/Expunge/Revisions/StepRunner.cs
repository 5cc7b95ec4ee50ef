using System.Collections.Concurrent;
using System.Diagnostics;
using Expunge.Postgres;
using Npgsql;

namespace Expunge.Revisions;

/// <summary>Runs steps phase by phase. A step that fails does not keep the others from running; what depends on it is left out.</summary>
internal sealed class StepRunner(Database database, NpgsqlConnection connection, RevisionJournal journal, UpgradeOptions options)
{
    private readonly ConcurrentBag<StepResult> _results = [];
    private readonly ConcurrentDictionary<uint, bool> _unswapped = new();
    private readonly Standbys _standbys = new(options.MaxLag);

    public async Task<IReadOnlyList<StepResult>> RunAsync(IEnumerable<Step> steps, CancellationToken cancellation)
    {
        foreach (var phase in steps.GroupBy(s => s.Phase))
        {
            if (phase.Key == "validate") await ValidateAsync([.. phase.Cast<ValidateStep>()], cancellation);
            else foreach (var step in phase.Where(s => s is not DropIndexStep || !_unswapped.ContainsKey(s.Table.Oid))) await RunAsync(step, connection, cancellation);
        }

        return [.. _results];
    }

    // On a few connections and never two on one table: their locks conflict (SHARE UPDATE EXCLUSIVE with itself).
    private async Task ValidateAsync(IReadOnlyList<ValidateStep> steps, CancellationToken cancellation)
    {
        var tables = steps.Where(s => !_unswapped.ContainsKey(s.Table.Oid)).GroupBy(s => s.Table.Oid).ToList();
        var queue = new ConcurrentQueue<IGrouping<uint, ValidateStep>>(tables);
        await Task.WhenAll(Enumerable.Range(0, Math.Min(options.ValidateJobs, tables.Count)).Select(async _ =>
        {
            await using var own = await database.OpenMaintenanceAsync(cancellation);
            while (queue.TryDequeue(out var table))
            {
                foreach (var step in table) await RunAsync(step, own, cancellation);
            }
        }));
    }

    private async Task RunAsync(Step step, NpgsqlConnection own, CancellationToken cancellation)
    {
        var clock = Stopwatch.StartNew();
        ExpungeException? failure = null;
        Report(StepStage.Started);
        var context = new StepContext(own, journal, options.Locks, who => Report(StepStage.Waiting, who));
        try
        {
            if (step is SwapStep or PartitionedSwapStep) await _standbys.WaitAsync(context.Connection, context.Locks.MaxWait, context.Waiting, cancellation);
            await using var watch = step is CreateIndexStep && options.Progress is not null
                ? IndexProgress.Watch(database, own.ProcessID, (phase, fraction) => Report(StepStage.Building, phase, fraction)) : null;
            await step.ExecuteAsync(context, cancellation);
            if (step is SwapStep or PartitionedSwapStep) await _standbys.WroteAsync(own, cancellation);
        }
        catch (ExpungeException e)
        {
            failure = e;
        }
        catch (NpgsqlException e) when (!cancellation.IsCancellationRequested && LostConnection.IsOf(e, own))
        {
            throw LostConnection.Of(e, step, journal.Reverting);
        }
        catch (PostgresException e) when (e.SqlState != SqlStates.QueryCanceled || !cancellation.IsCancellationRequested)
        {
            // MessageText names objects; DETAIL, which holds row values, is never read (IncludeErrorDetail is off).
            failure = new ExpungeException(ErrorCodes.StepFailed, $"{e.MessageText} (SQLSTATE {e.SqlState})", "Correct that and run the same command again; what is done stays done.", e);
        }

        if (failure is not null && step is SwapStep or PartitionedSwapStep) _unswapped[step.Table.Oid] = true;
        _results.Add(new StepResult(step, failure, clock.Elapsed));
        Report(StepStage.Done);

        void Report(StepStage stage, string? detail = null, double? fraction = null) =>
            options.Progress?.Report(new StepProgress(step, stage, clock.Elapsed) { Detail = detail, Fraction = fraction, Failure = stage == StepStage.Done ? failure : null });
    }
}
