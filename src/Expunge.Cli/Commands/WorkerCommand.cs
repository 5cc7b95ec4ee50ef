using System.CommandLine;
using Expunge.Server;

namespace Expunge.Cli.Commands;

internal static class WorkerCommand
{
    public static Command Create()
    {
        var command = new Command("worker", "Carry out the deletions that servers were asked for, beside them or on another machine");
        ServeOptions.AddTo(command);
        command.SetAction(Session.Action(RunAsync));
        return command;
    }

    private static async Task<int> RunAsync(Session session, CancellationToken cancellation)
    {
        var options = ServeOptions.Read(session, "http://localhost:8001");
        var (key, outbox) = (SigningKeyOption.Find(session), ServeOptions.Outbox(options));
        using var disposable = outbox as IDisposable;
        return await ServeOptions.RunAsync(session, options, (database, policy, table) => ExpungeServer.CreateWorker(database, policy, table, options, key, outbox), (_, policy, url) =>
        {
            if (session.Json)
            {
                Session.PrintJson(new { url, root = $"{policy.Root}" });
                return Task.CompletedTask;
            }

            Output.Line($"Expunge works on the deletions from {policy.Root} of {session.Where}.");
            Output.Line($"  health     {url}/health/ready");
            if (key is null) Output.Line("⚠️  Receipts will be unsigned, because there is no key:  expunge keys create");
            if (policy.GracePeriod is not null) Output.Line($"🗑️  Whoever is marked longer than the policy's grace_period is deleted, looked for every {options.PurgeEvery}.");
            Output.Line("Ctrl-C stops it.");
            return Task.CompletedTask;
        }, cancellation);
    }
}
