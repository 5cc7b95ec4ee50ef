using Expunge.Outbox;
using Expunge.Postgres;
using Microsoft.Extensions.Logging;
using Quartz;

namespace Expunge.Server.Workers;

/// <summary>Where outbox events go; nowhere, and <c>expunge outbox run</c> delivers them.</summary>
internal sealed record OutboxReceivers(IOutboxReceiver? Current);

/// <summary>Delivers what deleted rows pointed to outside the database.</summary>
[DisallowConcurrentExecution]
internal sealed class OutboxDelivery(Database database, OutboxReceivers receivers, ILogger<OutboxDelivery> log) : IJob
{
    public async ValueTask Execute(IJobExecutionContext context, CancellationToken cancellationToken = default)
    {
        if (receivers.Current is null) return;
        try
        {
            var run = await OutboxRunner.RunAsync(database, receivers.Current, new OutboxOptions(), cancellationToken);
            if (run.Delivered + run.Failed + run.Dead > 0) Log.OutboxDelivered(log, run.Delivered, run.Failed, run.Dead);
        }
        catch (ExpungeException e)
        {
            Log.OutboxRefused(log, e.Message, e.NextStep, e.Code);
        }
    }
}
