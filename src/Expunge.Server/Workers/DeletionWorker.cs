using System.Collections.Concurrent;
using Expunge.Deletion;
using Expunge.Policy;
using Expunge.Postgres;
using Expunge.Receipts;
using Expunge.Server.Api;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Expunge.Server.Workers;

/// <summary>
/// Carries deletions out on this instance, no more at once than the options say. When the server stops, each rolls its batch back and stops; whoever works on goes on with it. What can't go on is held, with the reason; what only
/// the moment keeps from going on stays in the queue.
/// </summary>
internal sealed class DeletionWorker(Database database, PolicyFile policy, ServerOptions options, SigningKeys keys, IHostApplicationLifetime lifetime, ILogger<DeletionWorker> log) : IHostedService, IDisposable
{
    private readonly SemaphoreSlim _slots = new(options.ConcurrentDeletions);
    private readonly ConcurrentDictionary<long, Task> _runs = new();

    /// <summary>The run of a deletion on this instance, which ends without an exception; null where it is elsewhere, or nowhere.</summary>
    public Task? Run(long id) => _runs.GetValueOrDefault(id);

    /// <summary>Begins a run, unless one is at work on it here.</summary>
    /// <returns>Whether one is at work here; false where no more may be begun.</returns>
    public bool TryStart(long id)
    {
        if (!options.Worker || lifetime.ApplicationStopping.IsCancellationRequested) return false;
        var ended = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        if (!_runs.TryAdd(id, ended.Task)) return true;
        var begins = _slots.Wait(0);
        if (begins) _ = Task.Run(() => RunInSlotAsync(id, ended));
        else End(id, ended);
        return begins;
    }

    private async Task RunInSlotAsync(long id, TaskCompletionSource ended)
    {
        try
        {
            await RunAsync(id, lifetime.ApplicationStopping);
        }
        finally
        {
            _slots.Release();
            End(id, ended);
        }

        await BeginNextAsync();
    }

    private void End(long id, TaskCompletionSource ended)
    {
        _runs.TryRemove(id, out _);
        ended.SetResult();
    }

    // Who waits is not to wait for the next look at the queue; the oldest first.
    private async Task BeginNextAsync()
    {
        try
        {
            foreach (var next in await DeletionQueue.ReadAsync(database, lifetime.ApplicationStopping))
            {
                // One that was begun and left stands against something: that takes time.
                if (next is { State: DeletionState.Pending, IsForsaken: true } && !TryStart(next.Id)) return;
            }
        }
        catch (Exception e) when (e is NpgsqlException or ExpungeException or OperationCanceledException or ObjectDisposedException)
        {
            // UnfinishedDeletions looks again.
        }
    }

    private async Task RunAsync(long id, CancellationToken cancellation)
    {
        try
        {
            var job = await DeletionRunner.RunAsync(database, policy, id, new DeletionOptions { SigningKey = keys.Current }, cancellation);
            if (job.IsOver && await DeletionQueue.RemoveAsync(database, id, CancellationToken.None)) Log.DeletionEnded(log, id, $"{job.State}", job.Subjects.Deleted, job.Subjects.Failed, job.TotalDeleted, (long)(job.Elapsed?.TotalMilliseconds ?? 0));
        }
        catch (Exception) when (cancellation.IsCancellationRequested)
        {
            Log.DeletionLeft(log, id, "this server stops");
        }
        catch (ExpungeException e) when (e.Code == ErrorCodes.AnotherRun)
        {
            // That is as it should be.
        }
        catch (Exception e) when (e is NpgsqlException { IsTransient: true } or PostgresException { SqlState: ['5', '7', ..] } or ExpungeException { Code: ErrorCodes.CannotConnect or ErrorCodes.CommitUnknown or ErrorCodes.ServerGaveUp or ErrorCodes.LockNotAvailable })
        {
            Log.DeletionLeft(log, id, (e as ExpungeException)?.Code ?? (e as PostgresException)?.SqlState ?? ErrorCodes.CannotConnect);
        }
        catch (Exception e)
        {
            await HoldAsync(id, e);
        }
    }

    // Tried again it would fail again, and nobody would be told.
    private async Task HoldAsync(long id, Exception why)
    {
        // Not PostgreSQL's words: they can hold what a row holds.
        var reason = why is ExpungeException e ? $"{(e.InnerException is PostgresException refusal ? Problems.ForLog(refusal) : e.Message)}  → {e.NextStep}  [{e.Code}]" : "The server made a mistake.  → Its log says more; please report it.";
        if (why is ExpungeException) Log.DeletionHeld(log, id, reason);
        else Log.DeletionBroke(log, id, Problems.ForLog(why));
        try
        {
            await Deletions.HoldAsync(database, id, reason);
        }
        catch (Exception gone) when (gone is NpgsqlException or ExpungeException)
        {
            Log.DeletionLeft(log, id, ErrorCodes.CannotConnect);
        }
    }

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.WhenAll(_runs.Values).WaitAsync(cancellationToken);

    public void Dispose() => _slots.Dispose();
}

/// <summary>What signs receipts; none, and receipts are unsigned.</summary>
internal sealed record SigningKeys(SigningKey? Current);
