using System.CommandLine;
using Expunge.Outbox;
using Expunge.Policy;
using Expunge.Postgres;
using Expunge.Server;
using Expunge.Subjects;
using Npgsql;

namespace Expunge.Cli;

/// <summary>What <c>serve</c> and <c>worker</c> have in common: where they listen, what they work with, and how they start.</summary>
internal static class ServeOptions
{
    private static readonly Option<int?> Port = new("--port") { Description = "The port; 0 takes a free one [default: 8000; of a worker 8001]", HelpName = "number" };
    private static readonly Option<string?> Listen = new("--listen") { Description = "The address to listen on, such as 0.0.0.0 for all of this machine's [default: localhost]", HelpName = "address" };
    private static readonly Option<LogFormat?> LogOption = new("--log") { Description = "How the log on standard error is written [default: text]", HelpName = "text|json" };

    static ServeOptions() => Port.Validators.Add(result =>
    {
        if (result.Tokens is [{ Value: var text }] && !(int.TryParse(text, out var port) && port is >= 0 and <= 65_535)) result.AddError("--port takes a number from 0 to 65535.");
    });

    public static void AddTo(Command command)
    {
        foreach (var option in new Option[] { Port, Listen, LogOption, SigningKeyOption.Instance, GlobalOptions.AcceptPublished }) command.Options.Add(option);
    }

    /// <summary>The configuration, and what the command line says, which wins.</summary>
    /// <param name="session">The session.</param>
    /// <param name="url">Where to listen when neither says it.</param>
    public static ServerOptions Read(Session session, string url = ServerOptions.StandardUrl)
    {
        var options = ServerConfiguration.Read(Environment.CurrentDirectory);
        var configured = new Uri(options.Url == ServerOptions.StandardUrl ? url : options.Url);
        return options with
        {
            Url = Url(session.Parsed.GetValue(Listen) ?? configured.Host, session.Parsed.GetValue(Port) ?? configured.Port),
            Log = session.Parsed.GetValue(LogOption) ?? options.Log,
        };
    }

    /// <summary>Makes the tables where they are missing, puts the server together, starts it, and waits for its end.</summary>
    /// <param name="session">The session.</param>
    /// <param name="options">How to serve.</param>
    /// <param name="create">Puts it together.</param>
    /// <param name="started">Says that it has started, at which address.</param>
    /// <param name="cancellation">Ends it.</param>
    public static async Task<int> RunAsync(
        Session session, ServerOptions options, Func<Database, PolicyFile, SubjectTable, WebApplication> create, Func<Database, PolicyFile, string, Task> started, CancellationToken cancellation)
    {
        var policy = session.Policy();
        var settings = new NpgsqlConnectionStringBuilder(session.Database.Settings.ConnectionString);
        // A deletion that runs has one to its end.
        if (!settings.ShouldSerialize("Maximum Pool Size")) settings.MaxPoolSize = 20 + options.ConcurrentDeletions;
        await using var database = new Database(settings, pooling: true);
        var table = await SubjectTable.ReadAsync(database, policy, cancellation);
        await ExpungeSchema.EnsureServerAsync(database, session.Parsed.GetValue(GlobalOptions.AcceptPublished), cancellation);
        await using var server = create(database, policy, table);
        try
        {
            await server.StartAsync(cancellation);
        }
        catch (Exception e) when (e is IOException or System.Net.Sockets.SocketException)
        {
            throw new ExpungeException(ErrorCodes.CannotListen, $"Can't listen on {options.Url}: {(e.InnerException ?? e).Message}.", "Choose another --port or --listen, or stop what listens there.", e);
        }

        await started(database, policy, server.Urls.First());
        await server.WaitForShutdownAsync(cancellation);
        return ExitCodes.Ok;
    }

    /// <summary>Where the workers deliver the outbox; null for nowhere.</summary>
    public static IOutboxReceiver? Outbox(ServerOptions options) =>
        options.OutboxWebhook is { Length: > 0 } url ? new WebhookReceiver(url, WebhookSecret.Parse(Environment.GetEnvironmentVariable(WebhookSecret.Variable))) : null;

    private static string Url(string listen, int port)
    {
        // Port 0 on "localhost" would be two ports, one for IPv4 and one for IPv6.
        var host = listen == "localhost" && port == 0 ? "127.0.0.1" : listen.Contains(':', StringComparison.Ordinal) ? $"[{listen.Trim('[', ']')}]" : listen;
        return Uri.TryCreate($"http://{host}:{port}", UriKind.Absolute, out _) ? $"http://{host}:{port}" : throw new ExpungeException(ErrorCodes.CannotListen, $"--listen: '{listen}' is not an address.", "Write it as localhost, 0.0.0.0 or ::1.");
    }
}
