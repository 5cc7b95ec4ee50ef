using System.CommandLine;
using Expunge.Server;
using Expunge.Server.Accounts;

namespace Expunge.Cli.Commands;

internal static class ServeCommand
{
    private static readonly Option<bool> NoWorker = new("--no-worker") { Description = "Only record deletions; an  expunge worker  or another instance carries them out" };

    public static Command Create()
    {
        var command = new Command("serve", "Serve the admin API and the dashboard, and carry deletions out") { NoWorker };
        ServeOptions.AddTo(command);
        command.SetAction(Session.Action(RunAsync));
        return command;
    }

    private static async Task<int> RunAsync(Session session, CancellationToken cancellation)
    {
        var options = ServeOptions.Read(session);
        if (session.Parsed.GetValue(NoWorker)) options = options with { Worker = false };
        var (key, outbox) = (SigningKeyOption.Find(session), ServeOptions.Outbox(options));
        using var disposable = outbox as IDisposable;
        return await ServeOptions.RunAsync(session, options, (database, policy, table) => ExpungeServer.Create(database, policy, table, options, key, outbox), async (database, policy, url) =>
        {
            var accounts = await new AccountStore(database).ListAsync(cancellation);
            if (session.Json)
            {
                Session.PrintJson(new { url, root = $"{policy.Root}", accounts = accounts.Count, worker = options.Worker });
                return;
            }

            Output.Line($"Expunge serves {policy.Root} of {session.Where}.");
            Output.Line($"  dashboard  {url}");
            Output.Line($"  API        {url}/docs");
            if (accounts.Count == 0) Output.Line("⚠️  Nobody can sign in yet. Create the first account:  expunge admin create NAME --super");
            if (key is null) Output.Line("⚠️  Receipts will be unsigned, because there is no key:  expunge keys create");
            if (!options.Worker) Output.Line("⚠️  Deletions wait until a worker carries them out:  expunge worker");
            if (policy.GracePeriod is not null && options.Worker) Output.Line($"🗑️  Whoever is marked longer than the policy's grace_period is deleted, looked for every {options.PurgeEvery}.");
            if (!new Uri(url).IsLoopback) Output.Line("⚠️  Passwords travel in clear text over HTTP: put a proxy with TLS in front.");
            Output.Line("Ctrl-C stops it.");
        }, cancellation);
    }
}
