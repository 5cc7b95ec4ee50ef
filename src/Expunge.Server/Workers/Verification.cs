using Expunge.Policy;
using Expunge.Postgres;
using Expunge.Verification;
using Microsoft.Extensions.Logging;
using Quartz;

namespace Expunge.Server.Workers;

/// <summary>Holds the catalog against the policy and the journal, and logs what is not so: a constraint that somebody changed, a table that somebody added.</summary>
[DisallowConcurrentExecution]
internal sealed class Verification(Database database, PolicyFile policy, ILogger<Verification> log) : IJob
{
    public async ValueTask Execute(IJobExecutionContext context, CancellationToken cancellationToken = default)
    {
        try
        {
            foreach (var finding in (await DatabaseVerifier.ReadAsync(database, policy, cancellationToken)).Findings.Where(f => f.Severity == FindingSeverity.Error))
            {
                Log.Found(log, finding.Code, finding.Object, finding.Message, finding.Repair);
            }
        }
        catch (ExpungeException e)
        {
            Log.VerificationRefused(log, e.Message, e.NextStep, e.Code);
        }
    }
}
