using System.Diagnostics;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Reflection;
using System.Text.Json;
using Expunge.Deletion;
using Expunge.Policy;
using Expunge.Postgres;
using Npgsql;

namespace Expunge.Bench;

/// <summary>What the server adds to a deletion of one user, beside the engine alone, in turn on the same database; and how quick the list of a million users is, on its first page and on its last.</summary>
internal static class ServerBench
{
    private const string Password = "correct horse battery";

    public static async Task RunAsync(bool small)
    {
        await using var server = await BenchServer.StartAsync();
        await using var source = NpgsqlDataSource.Create(new NpgsqlConnectionStringBuilder(server.ConnectionString) { CommandTimeout = 0 });
        var rounds = small ? 40 : 200;
        await HundredTables.CreateAsync(source, (2 * rounds) + 40, rowsPerTable: 1);
        await using (var serve = await StartAsync(server.ConnectionString))
        {
            await DeletionsAsync(server.ConnectionString, serve.Client, rounds);
        }

        await ListsAsync(server.ConnectionString, server.ConnectionStringTo("list"), small ? 100_000 : 1_000_000);
        Console.WriteLine($"\nPostgreSQL {server.Binaries.Version}.");
    }

    private static async Task DeletionsAsync(string connectionString, HttpClient client, int rounds)
    {
        await using var database = new Database(new NpgsqlConnectionStringBuilder(connectionString), pooling: true);
        var policy = new PolicyFile { Root = new QualifiedName("public", "users") };
        var (engine, http) = (new List<double>(), new List<double>());
        // The first 20 of each make everything warm.
        for (var round = -20; round < rounds; round++)
        {
            var id = ((round + 20) * 2) + 1;
            var bare = await TimeAsync(async () =>
            {
                var (job, _) = await Deletions.CreateAsync(database, policy, new DeletionRequest { Ids = new[] { $"{id}" }.ToAsyncEnumerable() });
                var done = await DeletionRunner.RunAsync(database, policy, job.Id, new DeletionOptions());
                if (done.Subjects.Deleted != 1) throw new InvalidOperationException("The engine did not delete the user.");
            });
            var served = await TimeAsync(async () =>
            {
                using var response = await client.PostAsJsonAsync(new Uri("/api/v1/admin/users/delete-permanently", UriKind.Relative), new { user_ids = new[] { id + 1 } });
                var body = await response.Content.ReadFromJsonAsync<JsonElement>();
                if (body.GetProperty("deleted").GetInt32() != 1) throw new InvalidOperationException($"The server did not delete the user: {body}");
            });
            if (round < 0) continue;
            engine.Add(bare);
            http.Add(served);
        }

        var added = engine.Zip(http, (e, h) => h - e).ToList();
        Console.WriteLine($"\nOne user with a row in each of 100 tables, {rounds} of each in turn.\n\n| | median | 90 % |\n|---|---|---|");
        Console.WriteLine($"| engine alone | {Percentile(engine, 0.5):0.0} ms | {Percentile(engine, 0.9):0.0} ms |\n| delete-permanently | {Percentile(http, 0.5):0.0} ms | {Percentile(http, 0.9):0.0} ms |\n| added | **{Percentile(added, 0.5):0.0} ms** | {Percentile(added, 0.9):0.0} ms |");
    }

    private static async Task ListsAsync(string admin, string connectionString, int users)
    {
        await using (var source = NpgsqlDataSource.Create(admin))
        {
            await using var create = source.CreateCommand("CREATE DATABASE list");
            await create.ExecuteNonQueryAsync();
        }

        await using (var source = NpgsqlDataSource.Create(new NpgsqlConnectionStringBuilder(connectionString) { CommandTimeout = 0 }))
        {
            await using var fill = source.CreateCommand($"CREATE TABLE users (id bigint PRIMARY KEY, email text, created_at timestamptz DEFAULT now()); INSERT INTO users SELECT i, i || '@example.com' FROM generate_series(1, {users}) i; VACUUM ANALYZE users");
            await fill.ExecuteNonQueryAsync();
        }

        await using var serve = await StartAsync(connectionString);
        Console.WriteLine($"\n{users:N0} users, 200 a page, 50 requests each.\n\n| | median | 90 % |\n|---|---|---|");
        foreach (var (page, path) in new[] { ("first page", "?limit=200"), ("last page, after=", $"?limit=200&after={users - 200}"), ("last page, skip=", $"?limit=200&skip={users - 200}") })
        {
            var times = new List<double>();
            for (var i = -5; i < 50; i++)
            {
                var time = await TimeAsync(async () =>
                {
                    var body = await serve.Client.GetFromJsonAsync<JsonElement>(new Uri($"/api/v1/admin/users{path}", UriKind.Relative));
                    if (body.GetArrayLength() != 200) throw new InvalidOperationException($"{body.GetArrayLength()} users");
                });
                if (i >= 0) times.Add(time);
            }

            Console.WriteLine($"| {page} | {Percentile(times, 0.5):0.0} ms | {Percentile(times, 0.9):0.0} ms |");
        }
    }

    private static async Task<Serving> StartAsync(string connectionString)
    {
        var cli = typeof(ServerBench).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().First(a => a.Key == "Expunge.Cli.dll").Value!;
        using (var admin = Start(cli, connectionString, "admin", "create", "root", "--super"))
        {
            await admin.StandardInput.WriteLineAsync(Password);
            admin.StandardInput.Close();
            await admin.WaitForExitAsync();
        }

        var process = Start(cli, connectionString, "serve", "--port", "0", "--root", "public.users");
        string? line;
        do line = await process.StandardOutput.ReadLineAsync();
        while (line?.Contains("dashboard", StringComparison.Ordinal) == false);
        var client = new HttpClient { BaseAddress = new Uri(line!.Split(' ')[^1]) };
        using var login = await client.PostAsJsonAsync(new Uri("/api/v1/auth/admin/login", UriKind.Relative), new { username = "root", password = Password });
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", (await login.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("access_token").GetString());
        return new Serving(process, client);
    }

    private static Process Start(string cli, string connectionString, params string[] args)
    {
        var info = new ProcessStartInfo("dotnet", [cli, .. args]) { UseShellExecute = false, RedirectStandardInput = true, RedirectStandardOutput = true };
        // Not as an argument: it has a password.
        info.Environment["EXPUNGE_DATABASE"] = connectionString;
        info.Environment["Expunge__DeletionsPerMinute"] = "100000";
        return Process.Start(info)!;
    }

    private static async Task<double> TimeAsync(Func<Task> work)
    {
        var clock = Stopwatch.StartNew();
        await work();
        return clock.Elapsed.TotalMilliseconds;
    }

    private static double Percentile(List<double> values, double part) => values.Order().ElementAt((int)((values.Count - 1) * part));

    private sealed record Serving(Process Process, HttpClient Client) : IAsyncDisposable
    {
        public async ValueTask DisposeAsync()
        {
            Client.Dispose();
            Process.Kill();
            await Process.WaitForExitAsync();
            Process.Dispose();
        }
    }
}
