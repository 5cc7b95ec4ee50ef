using System.Globalization;
using Quartz;

namespace Expunge.Server.Workers;

/// <summary>Carries out a deletion that was given to whatever instance has room for it.</summary>
internal sealed class DeletionRun(DeletionWorker worker) : IJob
{
    public const string Id = "id";

    public async ValueTask Execute(IJobExecutionContext context, CancellationToken cancellationToken = default)
    {
        // Without room here it stays in the queue, from where it is given again.
        var id = long.Parse(context.MergedJobDataMap.GetString(Id)!, CultureInfo.InvariantCulture);
        if (worker.TryStart(id) && worker.Run(id) is { } run) await run;
    }
}
