using System.Net;
using Expunge.Testing;
using Npgsql;
using Xunit;

namespace Expunge.Server.Tests.Api;

/// <summary>What can't be done is answered with a problem that says why, and nothing is half done.</summary>
public sealed class ConflictTests
{
    private const string Policy = """
        root: public.users
        references:
          invoices.user_id: { action: retain, reason: "tax law, 10 years" }
        columns:
          show: [email]
        """;

    [Fact]
    public async Task A_retained_row_is_a_409_with_the_policys_reason_and_nothing_of_the_user_is_deleted()
    {
        await using var server = await (await RunningServer.StartAsync(await DatabaseAsync(), Policy)).SignInAsync();

        var problem = await server.Client.SendAsync(Json.DeletePermanently, """{"user_ids":[1]}""").ProblemAsync(HttpStatusCode.Conflict);

        Assert.Contains("tax law, 10 years", problem, StringComparison.Ordinal);
        Assert.Contains("EXP2101", problem, StringComparison.Ordinal);
        Assert.Contains("next_step", problem, StringComparison.Ordinal);
        Assert.Equal((2, 1), (await server.CountAsync("users"), await server.CountAsync("invoices")));
    }

    [Fact]
    public async Task A_user_that_can_not_be_deleted_is_named_with_the_reason_and_keeps_none_of_the_others()
    {
        await using var server = await (await RunningServer.StartAsync(await DatabaseAsync(), Policy)).SignInAsync();

        var answer = await (await server.Client.SendAsync(Json.DeletePermanently, """{"user_ids":[1, 2]}""")).BodyAsync();

        Assert.Equal(1, answer.GetProperty("deleted").GetInt32());
        Assert.Contains("User 1 could not be deleted: ", $"{answer.GetProperty("errors")[0]}", StringComparison.Ordinal);
        Assert.Contains("tax law, 10 years", $"{answer.GetProperty("errors")[0]}", StringComparison.Ordinal);
        Assert.Equal(1, await server.CountAsync("users WHERE id = 1"));
        Assert.Equal(1, await server.CountAsync("users"));
    }

    [Fact]
    public async Task Constraints_that_are_not_as_the_policy_says_are_a_409()
    {
        await using var server = await (await RunningServer.StartAsync(await DatabaseAsync(), Policy)).SignInAsync();
        await TestServer.ExecuteAsync(server.ConnectionString, "CREATE TABLE new_table (id int PRIMARY KEY, user_id int REFERENCES users)");

        Assert.Contains("new_table.user_id", await server.Client.SendAsync(Json.DeletePermanently, """{"user_ids":[2]}""").ProblemAsync(HttpStatusCode.Conflict), StringComparison.Ordinal);

        Assert.Equal(2, await server.CountAsync("users"));
    }

    [Fact]
    public async Task Marking_without_a_column_for_it_is_a_problem_that_names_the_line_for_the_policy()
    {
        await using var server = await (await RunningServer.StartAsync(await DatabaseAsync(), Policy)).SignInAsync();

        using var response = await server.Client.SendAsync(Json.Mark, """{"user_ids":[2]}""");

        Assert.Contains("is_tobe_deleted", $"{await response.BodyAsync(HttpStatusCode.Conflict)}", StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_row_that_somebody_else_holds_is_a_503_to_be_tried_again()
    {
        await using var server = await (await RunningServer.StartAsync(await DatabaseAsync(), Policy)).SignInAsync();
        await using var other = await TestServer.OpenAsync(server.ConnectionString);
        await using var transaction = await other.BeginTransactionAsync();
        await using (var hold = new NpgsqlCommand("SELECT FROM users WHERE id = 2 FOR UPDATE", other, transaction)) await hold.ExecuteNonQueryAsync();

        using var held = await server.Client.SendAsync(Json.DeletePermanently, """{"user_ids":[2]}""");
        await transaction.RollbackAsync();
        using var free = await server.Client.SendAsync(Json.DeletePermanently, """{"user_ids":[2]}""");

        Assert.Equal(HttpStatusCode.ServiceUnavailable, held.StatusCode);
        Assert.NotNull(held.Headers.RetryAfter);
        Assert.Equal(HttpStatusCode.OK, free.StatusCode);
    }

    [Fact]
    public async Task A_deletion_whose_backend_is_ended_goes_on_by_itself_and_the_request_is_answered()
    {
        await using var server = await (await RunningServer.StartAsync(await DatabaseAsync(), Policy, RunningServer.Quick)).SignInAsync();
        await TestServer.ExecuteAsync(server.ConnectionString, "CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(60); RETURN NULL; END $$; CREATE TRIGGER slow AFTER DELETE ON users FOR EACH ROW EXECUTE FUNCTION slow()");

        var deletion = server.Client.SendAsync(Json.DeletePermanently, """{"user_ids":[2]}""");
        while (await server.CountAsync("(SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'PgSleep') ended") == 0) await Task.Delay(20);
        await TestServer.ExecuteAsync(server.ConnectionString, "DROP TRIGGER slow ON users");

        Assert.Equal(1, (await (await deletion).BodyAsync()).GetProperty("deleted").GetInt32());
        Assert.Equal(0, await server.CountAsync("users WHERE id = 2"));
    }

    [Fact]
    public async Task Many_requests_at_once_for_accounts_that_do_not_exist_all_get_their_404()
    {
        await using var server = await (await RunningServer.StartAsync(await DatabaseAsync(), Policy)).SignInAsync();

        await Task.WhenAll(Enumerable.Range(0, 60).Select(_ => server.Client.DeleteAsync(new Uri($"{Json.Admins}/4711", UriKind.Relative)).ProblemAsync(HttpStatusCode.NotFound)));
    }

    [Fact]
    public async Task While_the_database_is_gone_requests_get_503_and_when_it_is_back_all_goes_on()
    {
        await using var server = await (await RunningServer.StartAsync(await DatabaseAsync(), Policy)).SignInAsync();
        var name = new NpgsqlConnectionStringBuilder(server.ConnectionString).Database;
        var admin = (await TestServer.Server).ConnectionString;
        await server.Client.GetJsonAsync(Json.Users);

        await TestServer.ExecuteAsync(admin, $"""ALTER DATABASE "{name}" RENAME TO "{name}_gone" """.Replace("ALTER", $"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'; ALTER", StringComparison.Ordinal));
        var problems = new List<string>();
        foreach (var path in (string[])[Json.DeletePermanently, Json.Login])
        {
            problems.Add(await server.Client.SendAsync(path, path == Json.Login ? """{"username":"root","password":"x"}""" : """{"user_ids":[2]}""").ProblemAsync(HttpStatusCode.ServiceUnavailable));
        }

        using var notReady = await server.Client.GetAsync(new Uri("/health/ready", UriKind.Relative));
        using var live = await server.Client.GetAsync(new Uri("/health/live", UriKind.Relative));
        await TestServer.ExecuteAsync(admin, $"""ALTER DATABASE "{name}_gone" RENAME TO "{name}" """);
        using var ready = await server.Client.GetAsync(new Uri("/health/ready", UriKind.Relative));
        var deleted = await (await server.Client.SendAsync(Json.DeletePermanently, """{"user_ids":[2]}""")).BodyAsync();

        Assert.All(problems, p => Assert.Contains("EXP1002", p, StringComparison.Ordinal));
        Assert.All(problems, p => Assert.DoesNotContain("127.0.0.1", p, StringComparison.Ordinal));
        Assert.Equal((HttpStatusCode.ServiceUnavailable, HttpStatusCode.OK, HttpStatusCode.OK), (notReady.StatusCode, live.StatusCode, ready.StatusCode));
        Assert.Equal(1, deleted.GetProperty("deleted").GetInt32());
    }

    [Fact]
    public async Task Connections_that_the_server_ended_meanwhile_are_not_noticed_by_the_next_request()
    {
        await using var server = await (await RunningServer.StartAsync(await DatabaseAsync(), Policy)).SignInAsync();
        await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => server.Client.GetJsonAsync(Json.Users)));

        await TestServer.ExecuteAsync(server.ConnectionString, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()");

        for (var i = 0; i < 8; i++) Assert.Equal(2, (await server.Client.GetJsonAsync(Json.Users)).GetArrayLength());
    }

    private static async Task<string> DatabaseAsync()
    {
        var connectionString = await TestServer.EmptyAsync();
        await TestServer.ExecuteAsync(connectionString, """
            CREATE TABLE users (id int PRIMARY KEY, email text);
            CREATE TABLE invoices (id int PRIMARY KEY, user_id int REFERENCES users);
            CREATE INDEX ON invoices (user_id);
            INSERT INTO users VALUES (1, 'a@example.com'), (2, 'b@example.com');
            INSERT INTO invoices VALUES (1, 1);
            """);
        return connectionString;
    }
}
