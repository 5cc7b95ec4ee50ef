using System.Collections.Immutable;
using System.Text.RegularExpressions;
using Expunge.Auditing;
using Expunge.Deletion;
using Expunge.Policy;
using Expunge.Postgres;
using Expunge.Server.Accounts;
using Expunge.Server.Workers;
using Expunge.Subjects;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;
using Quartz;

namespace Expunge.Server;

/// <summary>What an admin asks of deletions, for the API and the dashboard alike. A caller that goes away stops nothing: a deletion is recorded before it is begun, and the workers carry it out.</summary>
internal sealed partial class DeletionRequests(Database database, PolicyFile policy, SubjectTable table, Attempts attempts, DeletionWorker worker, Schedule schedule, SigningKeys keys, IHostApplicationLifetime lifetime, ILogger<DeletionRequests> log)
{
    // How often a deletion on another instance is looked at.
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(200);

    /// <summary>Records a deletion, or finds the one that was asked for already, and has it begun.</summary>
    /// <param name="account">Who asks.</param>
    /// <param name="ids">Whose; at least one.</param>
    /// <param name="idempotencyKey">The same key names the same deletion of this account; null without one.</param>
    /// <param name="address">From where.</param>
    public async Task<DeletionJob> SubmitAsync(Account account, ImmutableArray<string> ids, string? idempotencyKey, string? address)
    {
        attempts.Delete(account);
        var request = new DeletionRequest
        {
            Ids = ids.ToAsyncEnumerable(),
            IdempotencyKey = idempotencyKey is null ? null : $"{account.Id} {idempotencyKey}",
            RequestedBy = account.Name,
            Queued = true,
            Address = address,
        };
        var (job, _) = await Deletions.CreateAsync(database, policy, request, lifetime.ApplicationStopping);
        Log.DeletionRequested(log, account.Name, ids.Length, $"{table.Root}", job.Id);
        return await BeginAsync(job);
    }

    /// <summary>Waits for a deletion's end, or until it is paused.</summary>
    /// <param name="id">Its number.</param>
    /// <param name="wait">How long at the most.</param>
    /// <param name="cancellation">Ends the waiting, and nothing else.</param>
    /// <returns>How it stands then.</returns>
    public async Task<DeletionJob> WaitAsync(long id, TimeSpan wait, CancellationToken cancellation)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation, lifetime.ApplicationStopping);
        stop.CancelAfter(wait);
        while (true)
        {
            if (worker.Run(id) is { } run) await run.WaitAsync(stop.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            var job = await Deletions.ReadAsync(database, id, cancellation);
            if (job.IsOver || job.State == DeletionState.Paused || stop.IsCancellationRequested) return job;
            await Task.Delay(Look, stop.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>The subjects that were not deleted.</summary>
    /// <param name="job">A deletion that is over.</param>
    /// <param name="ids">The keys that it was asked for with.</param>
    /// <param name="cancellation">Cancels it.</param>
    public async Task<ImmutableArray<UndeletedSubject>> UndeletedAsync(DeletionJob job, ImmutableArray<string> ids, CancellationToken cancellation) =>
        job.Subjects.Deleted == job.Subjects.Total ? [] : await Deletions.UndeletedAsync(database, table, job.Id, ids, cancellation);

    /// <summary>What became of it, as the document's errors say it.</summary>
    public string Error(UndeletedSubject subject)
    {
        var who = $"{table.Title} {subject.Key}";
        return subject.State == "failed" ? $"{who} could not be deleted: {subject.Reason}" : $"{who} {subject.State}";
    }

    /// <summary>The reason of a deletion or of one of its subjects, as it was recorded, as what it was before.</summary>
    public static ExpungeException Refusal(string reason) => RecordedReason().Match(reason) is { Success: true } match
        ? new ExpungeException(match.Groups["code"].Value, match.Groups["message"].Value, match.Groups["next"].Value)
        : new ExpungeException(ErrorCodes.DeletionState, $"{reason}.", "See GET /api/v1/admin/deletions.");

    public Task<DeletionJob> PauseAsync(Account account, long id, string? address) => Deletions.PauseAsync(database, id, Audit(account, "paused", address), lifetime.ApplicationStopping);

    public async Task<DeletionJob> ResumeAsync(Account account, long id, string? address) => await BeginAsync(await Deletions.ResumeAsync(database, id, Audit(account, "resumed", address), lifetime.ApplicationStopping));

    // A subject that was begun is finished first.
    public async Task<DeletionJob> CancelAsync(Account account, long id, string? address) => await BeginAsync(await Deletions.CancelAsync(database, id, keys.Current, Audit(account, "cancelled", address), lifetime.ApplicationStopping));

    public async Task<DeletionJob> RetryAsync(Account account, long id, string? address) => await BeginAsync(await Deletions.RetryAsync(database, id, Audit(account, "retried", address), lifetime.ApplicationStopping));

    private static AuditEvent Audit(Account account, string done, string? address) => new(account.Name, $"deletion {done}") { Address = address };

    private async Task<DeletionJob> BeginAsync(DeletionJob job)
    {
        if (job.IsOver || job.State == DeletionState.Paused || worker.TryStart(job.Id)) return job;
        try
        {
            await schedule.GiveAsync(job.Id, lifetime.ApplicationStopping);
        }
        catch (Exception e) when (e is SchedulerException or NpgsqlException)
        {
            // It is recorded, and the queue is looked at again and again.
            Log.DeletionLeft(log, job.Id, ErrorCodes.CannotConnect);
        }

        return job;
    }

    [GeneratedRegex(@"^(?<message>.*)  → (?<next>.*)  \[(?<code>EXP[0-9]{4})\]$", RegexOptions.ExplicitCapture | RegexOptions.Singleline, 1000)]
    private static partial Regex RecordedReason();
}
