using System.Diagnostics;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using System.Text.RegularExpressions;
using Expunge.Auditing;
using Expunge.Postgres;
using Expunge.Revisions;
using Expunge.Testing;
using Npgsql;
using Xunit;

namespace Expunge.Cli.Tests;

/// <summary>Two instances over one database, killed again and again while deletions are asked for and the application writes.</summary>
public sealed partial class ServerCrashTests(ITestOutputHelper output)
{
    private const int UsersEach = 12;
    private const int WhaleRows = 21_000;
    private const string Password = "correct horse battery";

    // $EXPUNGE_KILL_ROUNDS: how often one of the two is killed. Each time a server starts anew, which takes its seconds.
    private static readonly int Rounds = int.TryParse(Environment.GetEnvironmentVariable("EXPUNGE_KILL_ROUNDS"), out var given) ? given : 20;
    private static readonly int Users = (Rounds * UsersEach) + 50;

    private static readonly Dictionary<string, string?> Often = new(StringComparer.Ordinal) { ["Expunge__QueueEvery"] = "00:00:01", ["Expunge__DeletionsPerMinute"] = "1000" };

    [Fact]
    public async Task Killed_again_and_again_under_load_each_deletion_ends_exactly_once_and_no_user_is_half_deleted()
    {
        using var policy = new PolicyFileOnDisk("root: public.users\nsoft_references: { events.user_id: delete }\n");
        var database = await DatabaseAsync();
        var seed = Random.Shared.Next();
        var random = new Random(seed);
        output.WriteLine($"seed {seed}");
        Assert.Equal(0, (await ExpungeProcess.RunAsync(["admin", "create", "root", "--super", "--database", database], stdin: Password)).ExitCode);
        using var client = new HttpClient { Timeout = TimeSpan.FromSeconds(10) };
        var instances = await Task.WhenAll(StartAsync(policy, database), StartAsync(policy, database));
        using var stop = new CancellationTokenSource();
        var application = ApplicationAsync(database, stop.Token);
        try
        {
            client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", await TokenAsync(client, instances[0].Url));
            for (var round = 0; round < Rounds; round++)
            {
                await AskAsync(client, instances, round, random);
                await Task.Delay(random.Next(0, 600), Cancellation);
                var killed = random.Next(2);
                instances[killed].Process.Kill();
                await instances[killed].Process.WaitAsync();
                instances[killed].Process.Dispose();
                instances[killed] = await StartAsync(policy, database);
            }

            var waited = Stopwatch.StartNew();
            while (await CountAsync(database, "expunge.deletion_queue") > 0)
            {
                Assert.True(waited.Elapsed < TimeSpan.FromMinutes(3), await StatesAsync(database));
                await Task.Delay(200, Cancellation);
            }
        }
        finally
        {
            await stop.CancelAsync();
            await application;
            foreach (var (process, _) in instances) process.Dispose();
        }

        Assert.Equal($"{Rounds} completed", await StatesAsync(database));
        Assert.Equal(0, await CountAsync(database, $"users WHERE id <= {Rounds * UsersEach}"));
        Assert.Equal(50, await CountAsync(database, "users"));
        foreach (var table in (string[])["notes", "events"]) Assert.Equal(0, await CountAsync(database, $"{table} WHERE user_id <= {Rounds * UsersEach}"));
        Assert.Equal(50, await CountAsync(database, $"(SELECT user_id FROM notes WHERE id <= {Users * 3} GROUP BY 1 HAVING count(*) = 3) untouched"));
        Assert.Equal(Rounds * UsersEach, await SumAsync(database, "SELECT sum(deleted)::bigint FROM expunge.deletion_rows WHERE table_name = 'users'"));
        Assert.Equal(Rounds, await CountAsync(database, "expunge.audit WHERE action = 'deletion requested'"));
        Assert.Equal(Rounds, await CountAsync(database, "(SELECT object FROM expunge.audit WHERE action = 'deletion ended' AND outcome = 'completed' GROUP BY 1 HAVING count(*) = 1) once"));
        await using var opened = new Database(new NpgsqlConnectionStringBuilder(database));
        Assert.Null((await AuditLog.VerifyAsync(opened, cancellation: Cancellation)).Problem);
    }

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    // As a client does that must not lose a deletion: where no answer comes it asks again, elsewhere, with the same key.
    private static async Task AskAsync(HttpClient client, (ExpungeProcess, string Url)[] instances, int round, Random random)
    {
        for (var attempt = random.Next(2); ; attempt++)
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, new Uri($"{instances[attempt % 2].Url}/api/v1/admin/users/delete-permanently"))
            {
                Content = JsonContent.Create(new { user_ids = Enumerable.Range((round * UsersEach) + 1, UsersEach) }),
                Headers = { { "Idempotency-Key", $"round-{round}" }, { "Prefer", "respond-async" } },
            };
            try
            {
                using var response = await client.SendAsync(request, Cancellation);
                if (response.IsSuccessStatusCode) return;
                Assert.True((int)response.StatusCode == 503, $"{response.StatusCode}: {await response.Content.ReadAsStringAsync(Cancellation)}");
            }
            catch (Exception e) when (e is HttpRequestException or TaskCanceledException && !Cancellation.IsCancellationRequested)
            {
                // Asked again.
            }
        }
    }

    private static async Task<(ExpungeProcess Process, string Url)> StartAsync(PolicyFileOnDisk policy, string database)
    {
        var process = ExpungeProcess.Start(["serve", "--port", "0", "--config", policy.Path, "--database", database], Often);
        return (process, UrlPattern().Match(await process.UntilAsync("Ctrl-C stops it.")).Value);
    }

    private static async Task<string> TokenAsync(HttpClient client, string url)
    {
        using var response = await client.PostAsJsonAsync(new Uri($"{url}/api/v1/auth/admin/login"), new { username = "root", password = Password }, Cancellation);
        return (await response.Content.ReadFromJsonAsync<JsonElement>(Cancellation)).GetProperty("access_token").GetString()!;
    }

    /// <summary>Users with 3 notes and 2 events each, which no foreign key holds; one of every fourth round has so many notes that they are deleted in chunks.</summary>
    private static async Task<string> DatabaseAsync()
    {
        var connectionString = await TestServer.EmptyAsync();
        await TestServer.ExecuteAsync(connectionString, $"""
            CREATE TABLE users (id int PRIMARY KEY);
            CREATE TABLE notes (id bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY, user_id int NOT NULL CONSTRAINT notes_user REFERENCES users);
            CREATE TABLE events (id bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY, user_id int);
            CREATE INDEX ON notes (user_id);
            CREATE INDEX ON events (user_id);
            INSERT INTO users SELECT generate_series(1, {Users});
            INSERT INTO notes (user_id) SELECT id FROM users, generate_series(1, 3);
            INSERT INTO events (user_id) SELECT id FROM users, generate_series(1, 2);
            INSERT INTO notes (user_id) SELECT u FROM generate_series(1, {Rounds * UsersEach}, {4 * UsersEach}) u, generate_series(1, {WhaleRows});
            ANALYZE;
            """);
        await using var database = new Database(new NpgsqlConnectionStringBuilder(connectionString));
        Assert.True((await Upgrade.ApplyAsync(database, new Policy.PolicyFile { Root = new QualifiedName("public", "users") }, new UpgradeOptions())).Succeeded);
        return connectionString;
    }

    /// <summary>Writes notes and events for users who are there.</summary>
    private static async Task ApplicationAsync(string database, CancellationToken stop)
    {
        await using var connection = await TestServer.OpenAsync(database);
        while (!stop.IsCancellationRequested)
        {
            await connection.ExecuteAsync("WITH u AS (SELECT id FROM users ORDER BY random() LIMIT 1 FOR KEY SHARE SKIP LOCKED), n AS (INSERT INTO notes (user_id) SELECT id FROM u) INSERT INTO events (user_id) SELECT id FROM u", CancellationToken.None);
            await Task.Delay(5, CancellationToken.None);
        }
    }

    private static async Task<long> CountAsync(string database, string from) => await SumAsync(database, $"SELECT count(*) FROM {from}");

    private static async Task<long> SumAsync(string database, string sql)
    {
        await using var connection = await TestServer.OpenAsync(database);
        return await connection.ScalarAsync<long>(sql, Cancellation);
    }

    private static async Task<string> StatesAsync(string database)
    {
        await using var connection = await TestServer.OpenAsync(database);
        return string.Join(", ", await connection.ListAsync("SELECT count(*) || ' ' || state || coalesce(': ' || reason, '') FROM expunge.deletion GROUP BY state, reason ORDER BY 1", r => r.GetString(0), Cancellation));
    }

    [GeneratedRegex(@"http://127\.0\.0\.1:\d+", RegexOptions.None, 1000)]
    private static partial Regex UrlPattern();
}
