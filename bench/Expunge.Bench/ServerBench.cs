using System.Diagnostics;
using System.Net.Http.Json;
using System.Text.Json;
using Expunge.Deletion;
using Expunge.Policy;
using Expunge.Postgres;
using Npgsql;

namespace Expunge.Bench;

/// <summary>What the server adds to a deletion of one user, beside the engine alone, in turn on the same database; and how quick the list of a million users is, on its first page and on its last.</summary>
internal static class ServerBench
{
    public static async Task RunAsync(bool small)
    {
        await using var server = await BenchServer.StartAsync();
        await using var source = NpgsqlDataSource.Create(new NpgsqlConnectionStringBuilder(server.ConnectionString) { CommandTimeout = 0 });
        var rounds = small ? 40 : 200;
        await HundredTables.CreateAsync(source, (2 * rounds) + 40, rowsPerTable: 1);
        await using (var serve = await ServeProcess.StartAsync(server.ConnectionString))
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
        Console.WriteLine($"| engine alone | {Percentile.Of(engine, 0.5):0.0} ms | {Percentile.Of(engine, 0.9):0.0} ms |\n| delete-permanently | {Percentile.Of(http, 0.5):0.0} ms | {Percentile.Of(http, 0.9):0.0} ms |\n| added | **{Percentile.Of(added, 0.5):0.0} ms** | {Percentile.Of(added, 0.9):0.0} ms |");
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
            await using var fill = source.CreateCommand($"CREATE TABLE users (id bigint PRIMARY KEY, email text, created_at timestamptz DEFAULT now()); INSERT INTO users SELECT i, i || '@example.com' FROM generate_series(1, {users}) i");
            await fill.ExecuteNonQueryAsync();
            await using var vacuum = source.CreateCommand("VACUUM ANALYZE users");
            await vacuum.ExecuteNonQueryAsync();
        }

        await using var serve = await ServeProcess.StartAsync(connectionString);
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

            Console.WriteLine($"| {page} | {Percentile.Of(times, 0.5):0.0} ms | {Percentile.Of(times, 0.9):0.0} ms |");
        }
    }

    private static async Task<double> TimeAsync(Func<Task> work)
    {
        var clock = Stopwatch.StartNew();
        await work();
        return clock.Elapsed.TotalMilliseconds;
    }
}
