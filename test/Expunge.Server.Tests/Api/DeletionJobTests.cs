using System.Net;
using System.Text.Json;
using Expunge.Auditing;
using Expunge.Deletion;
using Expunge.Postgres;
using Expunge.Testing;
using Npgsql;
using Xunit;

namespace Expunge.Server.Tests.Api;

/// <summary>Requests for permanent deletions are jobs that outlast the request, the caller and the instance.</summary>
public sealed class DeletionJobTests
{
    private const string Policy = """
        root: public.users
        grace_period: 30d
        columns: { is_tobe_deleted: is_tobe_deleted, delete_date: delete_date }
        """;

    private static readonly (string, string) Async = ("Prefer", "respond-async");

    [Fact]
    public async Task Who_prefers_not_to_wait_gets_a_202_that_leads_to_the_deletion()
    {
        await using var server = await StartAsync();

        using var response = await server.Client.SendAsync(Json.DeletePermanently, Ids(1, 3), Async);
        var deletion = await response.BodyAsync(HttpStatusCode.Accepted);
        var over = await OverAsync(server, deletion);

        Assert.Equal($"{Json.Deletions}/{deletion.GetProperty("id")}", $"{response.Headers.Location}");
        Assert.Equal(("completed", 3, "root"), (over.GetProperty("state").GetString(), Deleted(over), over.GetProperty("requested_by").GetString()));
        Assert.Equal("users", over.GetProperty("tables")[0].GetProperty("table").GetString());
        Assert.Equal(0, await server.CountAsync("users WHERE id <= 3"));
    }

    [Fact]
    public async Task A_deletion_that_outlasts_the_wait_is_a_202_and_goes_on()
    {
        await using var server = await StartAsync();
        await using var hold = await HeldAsync(server, user: 1);

        var deletion = await (await server.Client.SendAsync(Json.DeletePermanently, Ids(1, 2), ("Prefer", "wait=1"))).BodyAsync(HttpStatusCode.Accepted);
        await hold.DisposeAsync();

        Assert.Equal(2, Deleted(await OverAsync(server, deletion)));
    }

    [Fact]
    public async Task The_same_idempotency_key_gets_the_same_answer_and_another_body_under_it_is_a_422()
    {
        await using var server = await StartAsync();
        var key = ("Idempotency-Key", "6f0c3bd2");
        var body = """{"user_ids":[5, 999, 4, 888]}""";

        var first = $"{await (await server.Client.SendAsync(Json.DeletePermanently, body, key)).BodyAsync()}";
        var again = $"{await (await server.Client.SendAsync(Json.DeletePermanently, body, key)).BodyAsync()}";
        var other = await server.Client.SendAsync(Json.DeletePermanently, Ids(6, 6), key).ProblemAsync(HttpStatusCode.UnprocessableEntity);
        using var anna = server.Anonymous();
        anna.DefaultRequestHeaders.Authorization = new("Bearer", await anna.TokenAsync("anna"));
        var hers = await (await anna.SendAsync(Json.DeletePermanently, Ids(7, 7), key)).BodyAsync();

        Assert.Equal(first, again);
        Assert.Contains("\"errors\":[\"User 999 not found\",\"User 888 not found\"]", first, StringComparison.Ordinal);
        Assert.Contains("EXP2111", other, StringComparison.Ordinal);
        Assert.Equal(1, hers.GetProperty("deleted").GetInt32());
        Assert.Equal(1, await server.CountAsync("users WHERE id = 6"));
        Assert.Equal(2, (await server.Client.GetJsonAsync(Json.Deletions)).GetArrayLength());
    }

    [Theory]
    [InlineData("")]
    [InlineData("two words")]
    public async Task An_idempotency_key_that_is_none_is_a_400(string key)
    {
        await using var server = await StartAsync();

        await server.Client.SendAsync(Json.DeletePermanently, Ids(1, 1), ("Idempotency-Key", key)).ProblemAsync(HttpStatusCode.BadRequest);

        Assert.Equal(1, await server.CountAsync("users WHERE id = 1"));
    }

    [Fact]
    public async Task A_caller_that_goes_away_does_not_stop_the_deletion()
    {
        await using var server = await StartAsync();
        await using var hold = await HeldAsync(server, user: 1);
        using var impatient = new CancellationTokenSource();
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(Json.DeletePermanently, UriKind.Relative)) { Content = new StringContent(Ids(1, 1), null, "application/json") };

        var answer = server.Client.SendAsync(request, impatient.Token);
        while (await server.CountAsync("expunge.deletion WHERE state = 'running'") == 0) await Task.Delay(20, Cancellation);
        await impatient.CancelAsync();
        await Assert.ThrowsAsync<TaskCanceledException>(() => answer);
        await hold.DisposeAsync();

        Assert.Equal(1, Deleted(await OverAsync(server, (await server.Client.GetJsonAsync(Json.Deletions))[0])));
    }

    [Fact]
    public async Task A_deletion_is_paused_resumed_and_cancelled()
    {
        await using var server = await StartAsync(users: 3000, slow: true);
        var deletion = await (await server.Client.SendAsync(Json.DeletePermanently, Ids(1, 3000), Async)).BodyAsync(HttpStatusCode.Accepted);
        var path = $"{Json.Deletions}/{deletion.GetProperty("id")}";
        while (Deleted(await server.Client.GetJsonAsync(path)) == 0) await Task.Delay(20, Cancellation);

        var paused = await (await server.Client.SendAsync($"{path}/pause", "")).BodyAsync();
        await server.Client.SendAsync($"{path}/pause", "").ProblemAsync(HttpStatusCode.Conflict);
        while (await server.CountAsync("pg_locks WHERE locktype = 'advisory' AND objsubid = 2") > 0) await Task.Delay(20, Cancellation);
        var before = Deleted(await server.Client.GetJsonAsync(path));
        await server.Client.SendAsync($"{path}/receipt", "").ProblemAsync(HttpStatusCode.MethodNotAllowed);
        await server.Client.GetAsync(new Uri($"{path}/receipt", UriKind.Relative), Cancellation).ProblemAsync(HttpStatusCode.Conflict);
        await (await server.Client.SendAsync($"{path}/resume", "")).BodyAsync();
        while (Deleted(await server.Client.GetJsonAsync(path)) == before) await Task.Delay(20, Cancellation);
        var cancelled = await (await server.Client.SendAsync($"{path}/cancel", "")).BodyAsync();
        var receipt = await server.Client.GetJsonAsync($"{path}/receipt");

        Assert.Equal(("paused", "cancelled"), (paused.GetProperty("state").GetString(), cancelled.GetProperty("state").GetString()));
        Assert.InRange(Deleted(cancelled), before + 1, 2999);
        Assert.Equal(3000 - Deleted(cancelled), await server.CountAsync("users"));
        Assert.Equal(Deleted(cancelled), receipt.GetProperty("subjects").GetProperty("deleted").GetInt32());
        await server.Client.GetAsync(new Uri($"{Json.Deletions}/4711", UriKind.Relative), Cancellation).ProblemAsync(HttpStatusCode.NotFound);
    }

    [Fact]
    public async Task What_failed_is_listed_and_tried_again_when_the_reason_is_gone()
    {
        await using var server = await StartAsync();
        await TestServer.ExecuteAsync(server.ConnectionString, "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF OLD.id = 2 THEN RAISE 'not this one'; END IF; RETURN OLD; END $$; CREATE TRIGGER refuse AFTER DELETE ON users FOR EACH ROW EXECUTE FUNCTION refuse()");

        var answer = await (await server.Client.SendAsync(Json.DeletePermanently, Ids(1, 3))).BodyAsync();
        var path = $"{Json.Deletions}/{(await server.Client.GetJsonAsync(Json.Deletions))[0].GetProperty("id")}";
        var failures = await server.Client.GetJsonAsync($"{path}/failures");
        await TestServer.ExecuteAsync(server.ConnectionString, "DROP TRIGGER refuse ON users");
        var retried = await OverAsync(server, await (await server.Client.SendAsync($"{path}/retry", "")).BodyAsync());

        Assert.Equal(2, answer.GetProperty("deleted").GetInt32());
        Assert.Equal("2", failures[0].GetProperty("key").GetString());
        Assert.Equal(("completed", 3), (retried.GetProperty("state").GetString(), Deleted(retried)));
    }

    [Fact]
    public async Task Events_tell_the_progress_and_the_end()
    {
        await using var server = await StartAsync(users: 300, slow: true);
        var deletion = await (await server.Client.SendAsync(Json.DeletePermanently, Ids(1, 300), Async)).BodyAsync(HttpStatusCode.Accepted);

        using var stream = new StreamReader(await server.Client.GetStreamAsync(new Uri($"{Json.Deletions}/{deletion.GetProperty("id")}/events", UriKind.Relative), Cancellation));
        var (names, last) = (new List<string>(), default(JsonElement));
        while (await stream.ReadLineAsync(Cancellation) is { } line)
        {
            if (line.StartsWith("event: ", StringComparison.Ordinal)) names.Add(line[7..]);
            if (line.StartsWith("data: ", StringComparison.Ordinal)) last = JsonDocument.Parse(line[6..]).RootElement;
        }

        Assert.Equal(("progress", "end", 1), (names[0], names[^1], names.Count(n => n == "end")));
        Assert.Equal(("completed", 300), (last.GetProperty("state").GetString(), Deleted(last)));
    }

    [Fact]
    public async Task A_users_reach_tells_what_a_deletion_would_do()
    {
        await using var server = await StartAsync();
        await TestServer.ExecuteAsync(server.ConnectionString, "INSERT INTO notes VALUES (1, 1), (2, 1)");

        var reach = await server.Client.GetJsonAsync($"{Json.Users}/1/reach");

        Assert.Equal(3, reach.GetProperty("deleted").GetInt32());
        Assert.Contains("notes → users", $"{reach.GetProperty("references")}", StringComparison.Ordinal);
        await server.Client.GetAsync(new Uri($"{Json.Users}/4711/reach", UriKind.Relative), Cancellation).ProblemAsync(HttpStatusCode.NotFound);
        await server.Client.GetAsync(new Uri($"{Json.Users}/x/reach", UriKind.Relative), Cancellation).ProblemAsync(HttpStatusCode.BadRequest);
    }

    [Fact]
    public async Task A_policy_that_does_not_fit_any_more_holds_the_deletion_with_the_reason()
    {
        await using var server = await StartAsync();
        await using var hold = await HeldAsync(server, user: 1);
        var deletion = await (await server.Client.SendAsync(Json.DeletePermanently, Ids(1, 1), Async)).BodyAsync(HttpStatusCode.Accepted);
        while (await server.CountAsync("pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'") == 0) await Task.Delay(20, Cancellation);

        await TestServer.ExecuteAsync(server.ConnectionString, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'; CREATE TABLE newer (id int PRIMARY KEY, user_id int REFERENCES users)");
        await hold.DisposeAsync();
        JsonElement held;
        do
        {
            await Task.Delay(50, Cancellation);
            held = await server.Client.GetJsonAsync($"{Json.Deletions}/{deletion.GetProperty("id")}");
        }
        while (held.GetProperty("state").GetString() != "paused");

        Assert.Contains("newer.user_id", held.GetProperty("reason").GetString(), StringComparison.Ordinal);
        Assert.Equal(1, await server.CountAsync("users WHERE id = 1"));
    }

    [Fact]
    public async Task Who_is_marked_longer_than_the_grace_period_is_deleted_by_the_workers()
    {
        await using var server = await StartAsync(RunningServer.Quick with { PurgeEvery = TimeSpan.FromSeconds(1) });

        await TestServer.ExecuteAsync(server.ConnectionString, "UPDATE users SET is_tobe_deleted = true, delete_date = now() - interval '31 days' WHERE id = 1; UPDATE users SET is_tobe_deleted = true, delete_date = now() WHERE id = 2");
        while (await server.CountAsync("users WHERE id = 1") > 0) await Task.Delay(100, Cancellation);

        Assert.Equal(9, await server.CountAsync("users"));
    }

    [Fact]
    public async Task Who_could_not_be_purged_keeps_neither_the_others_nor_the_next_hour_busy_and_is_tried_again_a_day_later()
    {
        await using var server = await StartAsync(RunningServer.Quick with { PurgeEvery = TimeSpan.FromSeconds(1) });
        await TestServer.ExecuteAsync(server.ConnectionString, "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF OLD.id = 1 THEN RAISE 'not this one'; END IF; RETURN OLD; END $$; CREATE TRIGGER refuse BEFORE DELETE ON users FOR EACH ROW EXECUTE FUNCTION refuse()");
        await TestServer.ExecuteAsync(server.ConnectionString, "UPDATE users SET is_tobe_deleted = true, delete_date = now() - interval '31 days' WHERE id = 1");
        while (await server.CountAsync("expunge.deletion WHERE state = 'failed'") == 0) await Task.Delay(100, Cancellation);

        // The purge that takes this one has passed over the other.
        await TestServer.ExecuteAsync(server.ConnectionString, "UPDATE users SET is_tobe_deleted = true, delete_date = now() - interval '31 days' WHERE id = 2");
        while (await server.CountAsync("users WHERE id = 2") > 0) await Task.Delay(100, Cancellation);
        Assert.Equal(2, await server.CountAsync("expunge.deletion"));
        await TestServer.ExecuteAsync(server.ConnectionString, "DROP TRIGGER refuse ON users; UPDATE expunge.deletion SET finished_at = now() - interval '25 hours' WHERE state = 'failed'");
        while (await server.CountAsync("users WHERE id = 1") > 0) await Task.Delay(100, Cancellation);

        Assert.Equal(2, await server.CountAsync("expunge.deletion"));
        Assert.Equal(0, await server.CountAsync("expunge.deletion_subject WHERE key IS NOT NULL"));
    }

    [Fact]
    public async Task A_start_does_not_put_off_what_recurs()
    {
        const string next = "expunge.quartz_triggers WHERE trigger_name = 'Purge' AND next_fire_time = ";
        var options = RunningServer.Quick with { PurgeEvery = TimeSpan.FromDays(7) };
        await using var server = await StartAsync(options);
        await using var connection = await TestServer.OpenAsync(server.ConnectionString);
        var planned = await connection.ScalarAsync<long>("SELECT next_fire_time FROM expunge.quartz_triggers WHERE trigger_name = 'Purge'", Cancellation);

        await Task.Delay(1000, Cancellation);
        await using var another = await RunningServer.StartAsync(server.ConnectionString, Policy, options);

        Assert.Equal(1, await another.CountAsync($"{next}{planned}"));
    }

    [Fact]
    public async Task A_deletion_that_is_tried_again_at_the_moment_of_its_end_stays_in_the_queue()
    {
        await using var server = await StartAsync(RunningServer.Quick with { Worker = false });
        await TestServer.ExecuteAsync(server.ConnectionString, "INSERT INTO expunge.deletion (root, policy_hash, request, only_marked, state) VALUES ('public.users', '', '', false, 'failed'); INSERT INTO expunge.deletion_queue (deletion_id) VALUES (1)");
        await using var database = new Database(new NpgsqlConnectionStringBuilder(server.ConnectionString));
        await using var retry = await TestServer.OpenAsync(server.ConnectionString);
        await retry.ExecuteAsync("BEGIN; UPDATE expunge.deletion SET state = 'pending'; INSERT INTO expunge.deletion_queue (deletion_id) VALUES (1) ON CONFLICT DO NOTHING", Cancellation);

        var removed = DeletionQueue.RemoveAsync(database, 1, Cancellation);
        while (await server.CountAsync("pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'") == 0) await Task.Delay(20, Cancellation);
        await retry.ExecuteAsync("COMMIT", Cancellation);

        Assert.False(await removed);
        Assert.Equal(1, await server.CountAsync("expunge.deletion_queue"));
    }

    [Fact]
    public async Task The_same_key_with_two_bodies_at_once_is_one_deletion_and_one_422_and_its_answer_outlasts_a_change_of_the_constraints()
    {
        await using var server = await StartAsync();
        var key = ("Idempotency-Key", "at-once");
        var answers = await Task.WhenAll(Enumerable.Range(1, 8).Select(n => server.Client.SendAsync(Json.DeletePermanently, Ids(n, n), key)));

        var taken = Array.FindIndex(answers, a => a.StatusCode == HttpStatusCode.OK) + 1;
        Assert.Equal(7, answers.Count(a => a.StatusCode == HttpStatusCode.UnprocessableEntity));
        Assert.Equal(9, await server.CountAsync("users"));
        await TestServer.ExecuteAsync(server.ConnectionString, "ALTER TABLE notes DROP CONSTRAINT notes_user_id_fkey, ADD CONSTRAINT notes_user_id_fkey FOREIGN KEY (user_id) REFERENCES users");
        Assert.Equal(1, (await (await server.Client.SendAsync(Json.DeletePermanently, Ids(taken, taken), key)).BodyAsync()).GetProperty("deleted").GetInt32());
    }

    [Fact]
    public async Task A_key_is_taken_as_it_is_with_its_blanks()
    {
        var connectionString = await TestServer.EmptyAsync();
        await TestServer.ExecuteAsync(connectionString, "CREATE TABLE users (id text PRIMARY KEY); INSERT INTO users VALUES ('a'), (' a'), (' ')");
        await using var server = await (await RunningServer.StartAsync(connectionString, "root: public.users\n")).SignInAsync();

        var answer = await (await server.Client.SendAsync(Json.DeletePermanently, """{"user_ids":[" a"," ","b"]}""")).BodyAsync();

        Assert.Equal((2, "User b not found"), (answer.GetProperty("deleted").GetInt32(), answer.GetProperty("errors")[0].GetString()));
        Assert.Equal(1, await server.CountAsync("users WHERE id = 'a'"));
    }

    [Fact]
    public async Task An_instance_without_a_worker_gives_its_deletions_to_one_that_has()
    {
        await using var front = await StartAsync(RunningServer.Quick with { Worker = false });
        var deletion = await (await front.Client.SendAsync(Json.DeletePermanently, Ids(1, 2), Async)).BodyAsync(HttpStatusCode.Accepted);

        await using var worker = await RunningServer.StartAsync(front.ConnectionString, Policy, RunningServer.Quick);

        Assert.Equal(2, Deleted(await OverAsync(front, deletion)));
    }

    [Fact]
    public async Task The_audit_says_who_did_what_to_how_many_and_not_to_whom_and_shows_what_was_changed_in_it()
    {
        await using var server = await StartAsync();
        await server.Client.SendAsync(Json.Login, """{"username":"root","password":"wrong wrong wrong"}""");
        await server.Client.SendAsync(Json.Mark, Ids(8, 9));
        await server.Client.SendAsync(Json.DeletePermanently, Ids(8, 9));
        await server.Client.SendAsync(Json.Admins, """{"username":"carla","password":"long enough to be one"}""");
        while (await server.CountAsync("expunge.audit WHERE action = 'deletion ended'") == 0) await Task.Delay(20, Cancellation);

        var entries = (await server.Client.GetJsonAsync(Json.Audit)).EnumerateArray().Select(e => $"{e.GetProperty("actor")}|{e.GetProperty("action")}|{e.GetProperty("object")}|{e.GetProperty("count")}|{e.GetProperty("outcome")}").ToList();
        await using var database = new Database(new NpgsqlConnectionStringBuilder(server.ConnectionString));
        var whole = await AuditLog.VerifyAsync(database, cancellation: Cancellation);
        var refused = await Assert.ThrowsAsync<PostgresException>(() => TestServer.ExecuteAsync(server.ConnectionString, "DELETE FROM expunge.audit"));
        await TestServer.ExecuteAsync(server.ConnectionString, "ALTER TABLE expunge.audit DISABLE TRIGGER USER; DELETE FROM expunge.audit WHERE id = (SELECT max(id) FROM expunge.audit)");
        var cut = await AuditLog.VerifyAsync(database, whole.Head, Cancellation);
        await TestServer.ExecuteAsync(server.ConnectionString, "UPDATE expunge.audit SET actor = 'anna' WHERE action = 'marked for deletion'");
        var changed = await AuditLog.VerifyAsync(database, cancellation: Cancellation);

        foreach (var expected in (string[])["root|sign-in|||done", "|sign-in|||refused", "root|marked for deletion|public.users|2|done", "root|deletion requested|deletion 1|2|done", "worker|deletion ended|deletion 1|2|completed", "root|account created|account 3||done"])
        {
            Assert.Contains(expected, entries);
        }

        Assert.Null(whole.Problem);
        Assert.Equal("EXP31", refused.SqlState);
        Assert.Contains("cut off", cut.Problem, StringComparison.Ordinal);
        Assert.Contains("is not as it was written", changed.Problem, StringComparison.Ordinal);
    }

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private static string Ids(int first, int last) => $$"""{"user_ids":[{{string.Join(", ", Enumerable.Range(first, last - first + 1))}}]}""";

    private static int Deleted(JsonElement deletion) => deletion.GetProperty("subjects").GetProperty("deleted").GetInt32();

    /// <param name="options">How to serve; null for what a test needs.</param>
    /// <param name="users">How many.</param>
    /// <param name="slow">Whether each deletion of one takes 2 ms.</param>
    private static async Task<RunningServer> StartAsync(ServerOptions? options = null, int users = 10, bool slow = false)
    {
        var connectionString = await TestServer.EmptyAsync();
        await TestServer.ExecuteAsync(connectionString, $"""
            CREATE TABLE users (id int PRIMARY KEY, is_tobe_deleted boolean, delete_date timestamptz);
            CREATE TABLE notes (id int PRIMARY KEY, user_id int REFERENCES users ON DELETE CASCADE);
            CREATE INDEX ON notes (user_id);
            INSERT INTO users SELECT generate_series(1, {users});
            {(slow ? "CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(0.002); RETURN NULL; END $$; CREATE TRIGGER slow AFTER DELETE ON users FOR EACH ROW EXECUTE FUNCTION slow();" : "")}
            """);
        return await (await RunningServer.StartAsync(connectionString, Policy, options ?? RunningServer.Quick)).SignInAsync();
    }

    /// <summary>Holds a user's row until it is disposed of.</summary>
    private static async Task<NpgsqlConnection> HeldAsync(RunningServer server, int user)
    {
        var connection = await TestServer.OpenAsync(server.ConnectionString);
        await connection.ExecuteAsync($"BEGIN; SELECT FROM users WHERE id = {user} FOR UPDATE", Cancellation);
        return connection;
    }

    private static async Task<JsonElement> OverAsync(RunningServer server, JsonElement deletion)
    {
        while (true)
        {
            var now = await server.Client.GetJsonAsync($"{Json.Deletions}/{deletion.GetProperty("id")}");
            if (now.GetProperty("state").GetString() is "completed" or "failed" or "cancelled") return now;
            await Task.Delay(50, Cancellation);
        }
    }
}
