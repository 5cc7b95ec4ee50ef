using System.CommandLine;
using Expunge.Postgres;
using Expunge.Server;
using Expunge.Server.Accounts;
using Expunge.Subjects;

namespace Expunge.Cli.Commands;

internal static class ServeCommand
{
    private static readonly Option<int?> Port = new("--port") { Description = "The port; 0 takes a free one [default: 8000]", HelpName = "number" };
    private static readonly Option<string?> Listen = new("--listen") { Description = "The address to listen on, such as 0.0.0.0 for all of this machine's [default: localhost]", HelpName = "address" };
    private static readonly Option<LogFormat?> LogOption = new("--log") { Description = "How the log on standard error is written [default: text]", HelpName = "text|json" };

    public static Command Create()
    {
        Port.Validators.Add(result =>
        {
            if (result.Tokens is [{ Value: var text }] && !(int.TryParse(text, out var port) && port is >= 0 and <= 65_535)) result.AddError("--port takes a number from 0 to 65535.");
        });
        var command = new Command("serve", "Serve the admin API and the dashboard") { Port, Listen, LogOption, GlobalOptions.AcceptPublished };
        command.SetAction(Session.Action(RunAsync));
        return command;
    }

    private static async Task<int> RunAsync(Session session, CancellationToken cancellation)
    {
        var options = Options(session);
        var asked = options.Url;
        var policy = session.Policy();
        await using var database = new Database(session.Database.Settings, pooling: true);
        var table = await SubjectTable.ReadAsync(database, policy, cancellation);
        await ExpungeSchema.EnsureServerAsync(database, session.Parsed.GetValue(GlobalOptions.AcceptPublished), cancellation);
        var accounts = await new AccountStore(database).ListAsync(cancellation);
        await using var server = ExpungeServer.Create(database, policy, table, options);
        try
        {
            await server.StartAsync(cancellation);
        }
        catch (Exception e) when (e is IOException or System.Net.Sockets.SocketException)
        {
            throw new ExpungeException(ErrorCodes.CannotListen, $"Can't listen on {asked}: {(e.InnerException ?? e).Message}.", "Choose another --port or --listen, or stop what listens there.", e);
        }

        var url = server.Urls.First();
        if (session.Json)
        {
            Session.PrintJson(new { url, root = $"{policy.Root}", accounts = accounts.Count });
        }
        else
        {
            Output.Line($"Expunge serves {policy.Root} of {session.Where}.");
            Output.Line($"  dashboard  {url}");
            Output.Line($"  API        {url}/docs");
            if (accounts.Count == 0) Output.Line("⚠️  Nobody can sign in yet. Create the first account:  expunge admin create NAME --super");
            if (!new Uri(url).IsLoopback) Output.Line("⚠️  Passwords travel in clear text over HTTP: put a proxy with TLS in front.");
            Output.Line("Ctrl-C stops it.");
        }

        await server.WaitForShutdownAsync(cancellation);
        return ExitCodes.Ok;
    }

    /// <summary>The configuration, and what the command line says, which wins.</summary>
    private static ServerOptions Options(Session session)
    {
        var options = ServerConfiguration.Read(Environment.CurrentDirectory);
        var url = new Uri(options.Url);
        return options with
        {
            Url = Url(session.Parsed.GetValue(Listen) ?? url.Host, session.Parsed.GetValue(Port) ?? url.Port),
            Log = session.Parsed.GetValue(LogOption) ?? options.Log,
        };
    }

    private static string Url(string listen, int port)
    {
        // Port 0 on "localhost" would be two ports, one for IPv4 and one for IPv6.
        var host = listen == "localhost" && port == 0 ? "127.0.0.1" : listen.Contains(':', StringComparison.Ordinal) ? $"[{listen.Trim('[', ']')}]" : listen;
        return Uri.TryCreate($"http://{host}:{port}", UriKind.Absolute, out _) ? $"http://{host}:{port}" : throw new ExpungeException(ErrorCodes.CannotListen, $"--listen: '{listen}' is not an address.", "Write it as localhost, 0.0.0.0 or ::1.");
    }
}
