using Expunge.Deletion;
using Expunge.Postgres;
using Microsoft.Extensions.Logging;
using Quartz;

namespace Expunge.Server.Workers;

/// <summary>Finds deletions of the queue that nobody is at work on, because their instance died or stopped, or had no room, and gives them to one; and those whose run gives no sign of life.</summary>
[DisallowConcurrentExecution]
internal sealed class UnfinishedDeletions(Database database, Schedule schedule, ServerOptions options, ILogger<UnfinishedDeletions> log) : IJob
{
    public async ValueTask Execute(IJobExecutionContext context, CancellationToken cancellationToken = default)
    {
        foreach (var deletion in await DeletionQueue.ReadAsync(database, cancellationToken))
        {
            if (deletion.IsOver) await DeletionQueue.RemoveAsync(database, deletion.Id, cancellationToken);
            else if (deletion.IsForsaken) await schedule.GiveAsync(deletion.Id, cancellationToken);
            else if (deletion.QuietFor > options.StuckAfter) Log.DeletionStuck(log, deletion.Id, (long)deletion.QuietFor.Value.TotalMinutes);
        }
    }
}
