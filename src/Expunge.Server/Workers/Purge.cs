using System.Collections.Immutable;
using Expunge.Auditing;
using Expunge.Deletion;
using Expunge.Policy;
using Expunge.Postgres;
using Expunge.Subjects;
using Microsoft.Extensions.Logging;
using Quartz;

namespace Expunge.Server.Workers;

/// <summary>Deletes those whose grace period is over, as <c>expunge delete --marked</c> does. Only where the policy names a grace_period.</summary>
[DisallowConcurrentExecution]
internal sealed class Purge(Database database, PolicyFile policy, SubjectTable table, Schedule schedule, ILogger<Purge> log) : IJob
{
    public async ValueTask Execute(IJobExecutionContext context, CancellationToken cancellationToken = default)
    {
        if (policy.GracePeriod is null || table.IsToBeDeleted is null) return;
        try
        {
            var failed = await FailedAsync(cancellationToken);
            foreach (var id in failed.Where(f => f.IsToBeTried).Select(f => f.Deletion).Distinct())
            {
                await Deletions.RetryAsync(database, id, new AuditEvent("worker", "deletion retried"), cancellationToken);
                await schedule.GiveAsync(id, cancellationToken);
            }

            ImmutableArray<string> due = [.. (await SubjectSelection.MarkedAsync(database, policy, cancellationToken)).Except(failed.Select(f => f.Key), StringComparer.Ordinal)];
            if (due.IsEmpty) return;
            var request = new DeletionRequest { Ids = due.ToAsyncEnumerable(), Selection = "marked", OnlyMarked = true, Queued = true, RequestedBy = "worker" };
            var (job, isNew) = await Deletions.CreateAsync(database, policy, request, cancellationToken);
            if (job.State == DeletionState.Paused) Log.PurgeRefused(log, $"Deletion {job.Id}, of users whose grace period is over, is paused.", "Resume or cancel it.", ErrorCodes.DeletionState);
            if (!isNew) return;
            Log.PurgeBegun(log, job.Id, due.Length, $"{table.Root}");
            await schedule.GiveAsync(job.Id, cancellationToken);
        }
        catch (ExpungeException e)
        {
            Log.PurgeRefused(log, e.Message, e.NextStep, e.Code);
        }
    }

    // Who could not be deleted belongs to the deletion that failed, and is tried again there, once a day.
    private async Task<List<(long Deletion, bool IsToBeTried, string Key)>> FailedAsync(CancellationToken cancellation)
    {
        await using var connection = await database.OpenAsync(cancellation);
        return await connection.ListAsync(
            """
            SELECT d.id, d.finished_at < clock_timestamp() - interval '1 day', s.key FROM expunge.deletion d JOIN expunge.deletion_subject s ON s.deletion_id = d.id
             WHERE d.state = 'failed' AND d.root = $1 AND d.requested_by = 'worker' AND s.state = 'failed'
            """,
            r => (r.GetInt64(0), r.GetBoolean(1), r.GetString(2)), cancellation, $"{policy.Root}");
    }
}
