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
            var due = await SubjectSelection.MarkedAsync(database, policy, cancellationToken);
            if (due.IsEmpty) return;
            var request = new DeletionRequest { Ids = due.ToAsyncEnumerable(), Selection = "marked", OnlyMarked = true, Queued = true, RequestedBy = "worker" };
            var (job, isNew) = await Deletions.CreateAsync(database, policy, request, cancellationToken);
            if (!isNew) return;
            Log.PurgeBegun(log, job.Id, due.Length, $"{table.Root}");
            await schedule.GiveAsync(job.Id, cancellationToken);
        }
        catch (ExpungeException e)
        {
            Log.PurgeRefused(log, e.Message, e.NextStep, e.Code);
        }
    }
}
