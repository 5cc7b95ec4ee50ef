using System.CommandLine;
using System.Diagnostics;
using Expunge.Cli.Demo;
using Expunge.Embedded;
using Npgsql;
using ZivoHealth;

namespace Expunge.Cli.Commands;

internal static class DemoCommand
{
    private static readonly Option<int> Users = new("--users") { Description = "How many users the sample data has", DefaultValueFactory = _ => 1000 };
    private static readonly Option<bool> Legacy = new("--legacy") { Description = "With the nine legacy tables" };
    private static readonly Option<bool> Keep = new("--keep") { Description = "Leave the server running at the end, and say how to connect" };
    private static readonly Option<bool> Serve = new("--serve") { Description = "Go on with the admin API and the dashboard, until Ctrl-C" };

    public static Command Create()
    {
        Users.Validators.Add(result =>
        {
            if (result.Tokens is [{ Value: var text }] && !(int.TryParse(text, out var users) && users is >= 10 and <= 12_000)) result.AddError("--users takes a number from 10 to 12000.");
        });
        var command = new Command("demo", "The whole story on a private PostgreSQL server, with a health backend of 100 tables") { Users, Legacy, Keep, Serve };
        command.SetAction(Session.Action(RunAsync));
        return command;
    }

    private static async Task<int> RunAsync(Session session, CancellationToken cancellation)
    {
        var keep = session.Parsed.GetValue(Keep);
        var clock = Stopwatch.StartNew();
        var directory = Directory.CreateTempSubdirectory("expunge-demo-").FullName;
        try
        {
            await using var server = await EmbeddedPostgres.StartAsync(new EmbeddedPostgresOptions { KeepRunning = keep, Progress = new Progress<string>(text => Console.Error.WriteLine(text)) }, cancellation);
            Output.Line($"PostgreSQL {server.Binaries.Version} ({server.Binaries.Source}) runs on port {server.Port}, private to this demo.");
            var connectionString = await PrepareAsync(server, session.Parsed.GetValue(Users), session.Parsed.GetValue(Legacy), cancellation);
            await File.WriteAllTextAsync(Path.Combine(directory, "expunge.yaml"), Deployment.Policy, cancellation);
            var shell = new DemoShell(connectionString, directory);
            await new DemoStory(shell, directory).TellAsync(cancellation);
            Output.Line($"✅ The story is told: from a schema where no user can be deleted to a user deleted for good, in {clock.Elapsed.TotalSeconds:0} s.");
            if (session.Parsed.GetValue(Serve)) await new ServeAct(shell, directory).RunAsync(cancellation);
            if (keep) HowToConnect(server, connectionString, directory);
            return ExitCodes.Ok;
        }
        catch (DemoFailure e)
        {
            await Console.Error.WriteLineAsync($"❌ {e.Message}\n   → This is a bug of Expunge: please report it with the output above.");
            return ExitCodes.NotOk;
        }
        finally
        {
            if (!keep) Directory.Delete(directory, recursive: true);
        }
    }

    private static async Task<string> PrepareAsync(EmbeddedPostgres server, int users, bool legacy, CancellationToken cancellation)
    {
        await using (var admin = new NpgsqlConnection(server.ConnectionString))
        {
            await admin.OpenAsync(cancellation);
            await using var create = new NpgsqlCommand("CREATE DATABASE zivohealth", admin);
            await create.ExecuteNonQueryAsync(cancellation);
        }

        var connectionString = server.ConnectionStringTo("zivohealth");
        await using var connection = new NpgsqlConnection(connectionString);
        await connection.OpenAsync(cancellation);
        var clock = Stopwatch.StartNew();
        await Deployment.CreateAsync(connection, legacy, cancellation);
        var rows = await SampleData.FillAsync(connection, users, ct: cancellation);
        Output.Line($"ZivoHealth before migration 067: {users} users, {rows:N0} rows, made in {clock.Elapsed.TotalSeconds:0.0} s.");
        return connectionString;
    }

    private static void HowToConnect(EmbeddedPostgres server, string connectionString, string directory)
    {
        var c = new NpgsqlConnectionStringBuilder(connectionString);
        var uri = $"postgresql://{c.Username}:{Uri.EscapeDataString(c.Password ?? "")}@{c.Host}:{c.Port}/{c.Database}";
        Output.Line();
        Output.Line("The server goes on running. Go on with it:");
        Output.Line($"  cd {directory}                 # expunge.yaml is there");
        Output.Line($"  export EXPUNGE_DATABASE='{uri}'");
        Output.Line($"  expunge verify                 # or:  psql \"$EXPUNGE_DATABASE\"");
        Output.Line($"Stop it and remove its data:  {server.StopCommand}");
    }
}
