using System.Net;
using System.Text.Json;
using Expunge.Testing;
using Xunit;

namespace Expunge.Server.Tests.Api;

public sealed class ListTests(SharedServer shared) : IClassFixture<SharedServer>
{
    [Fact]
    public async Task Users_are_listed_by_key_with_the_columns_of_the_policy()
    {
        var server = shared.Server;

        var users = await server.Client.GetJsonAsync($"{Json.Users}?skip=2&limit=3");

        Assert.Equal([3, 4, 5], Ids(users));
        Assert.Equal(["id", "email", "full_name", "role", "created_at", "is_active", "is_tobe_deleted", "delete_date"], users[0].EnumerateObject().Select(p => p.Name));
        Assert.DoesNotContain("hashed_password", $"{users}", StringComparison.Ordinal);
    }

    [Fact]
    public async Task Following_the_link_to_the_next_page_lists_everybody_once()
    {
        var server = shared.Server;
        var (ids, path) = (new List<long>(), $"{Json.Users}?limit=7");
        while (path is not null)
        {
            using var response = await server.Client.GetAsync(new Uri(path, UriKind.Relative));
            ids.AddRange(Ids(await response.BodyAsync()));
            path = response.Headers.TryGetValues("Link", out var links) ? links.Single().Split('<', '>')[1] : null;
        }

        Assert.Equal(await server.CountAsync("users"), ids.Count);
        Assert.Equal(ids.Distinct().Order(), ids);
    }

    [Fact]
    public async Task A_search_looks_for_a_part_of_a_column_or_the_whole_key_and_its_next_page_too()
    {
        var server = shared.Server;
        await TestServer.ExecuteAsync(server.ConnectionString, "UPDATE users SET full_name = 'Zoë ' || id WHERE id IN (5, 9, 11); UPDATE users SET email = '100%_sure@example.com' WHERE id = 12");

        using var first = await server.Client.GetAsync(new Uri($"{Json.Users}?search=zoë&limit=2", UriKind.Relative));

        Assert.Equal([5, 9], Ids(await first.BodyAsync()));
        Assert.Equal([11], Ids(await server.Client.GetJsonAsync(first.Headers.GetValues("Link").Single().Split('<', '>')[1])));
        Assert.Equal([12], Ids(await server.Client.GetJsonAsync($"{Json.Users}?search=100%25_")));
        Assert.Equal([8], Ids(await server.Client.GetJsonAsync($"{Json.Users}?search=8")).Where(i => i == 8));
    }

    [Fact]
    public async Task A_state_selects_and_its_next_page_too_and_one_that_the_policy_has_no_column_for_is_a_conflict()
    {
        var connectionString = await TestServer.EmptyAsync();
        await TestServer.ExecuteAsync(
            connectionString,
            """
            CREATE TABLE users (id bigint PRIMARY KEY, is_active boolean, is_tobe_deleted boolean, delete_date date);
            INSERT INTO users VALUES (1, true, false, NULL), (2, false, true, now()), (3, false, true, now() - interval '9 days'), (4, true, NULL, NULL), (5, NULL, true, now() - interval '8 days');
            """);
        await using (var server = await RunningServer.StartAsync(connectionString, "root: public.users\ngrace_period: 7d\ncolumns: { show: [], is_active: is_active, is_tobe_deleted: is_tobe_deleted, delete_date: delete_date }\n"))
        {
            await server.SignInAsync();
            Assert.Equal([1, 4], Ids(await server.Client.GetJsonAsync($"{Json.Users}?state=active")));
            Assert.Equal([2, 3, 5], Ids(await server.Client.GetJsonAsync($"{Json.Users}?state=marked")));
            using var due = await server.Client.GetAsync(new Uri($"{Json.Users}?state=due&limit=1", UriKind.Relative));
            Assert.Equal([3], Ids(await due.BodyAsync()));
            Assert.Equal([5], Ids(await server.Client.GetJsonAsync(due.Headers.GetValues("Link").Single().Split('<', '>')[1])));
        }

        await using var unmarkable = await RunningServer.StartAsync(connectionString, "root: public.users\n");
        await unmarkable.SignInAsync();
        foreach (var state in new[] { "active", "marked", "due" }) await unmarkable.Client.GetAsync(new Uri($"{Json.Users}?state={state}", UriKind.Relative)).ProblemAsync(HttpStatusCode.Conflict);
    }

    [Theory]
    [InlineData("state=Marked")]
    [InlineData("state=1")]
    [InlineData("state=")]
    [InlineData("skip=-1")]
    [InlineData("limit=0")]
    [InlineData("limit=1001")]
    [InlineData("limit=ten")]
    [InlineData("skip=9223372036854775808")]
    [InlineData("after=seven")]
    [InlineData("after=7;DROP TABLE users")]
    [InlineData("after=7&skip=1")]
    public async Task A_query_that_makes_no_sense_is_refused(string query)
    {
        var server = shared.Server;

        await server.Client.GetAsync(new Uri($"{Json.Users}?{query}", UriKind.Relative)).ProblemAsync(HttpStatusCode.BadRequest);
    }

    [Theory]
    [InlineData("' OR 1=1 --")]
    [InlineData("%00")]
    [InlineData("%25' UNION SELECT password_hash FROM expunge.admin --")]
    [InlineData("\\")]
    [InlineData("%F0%9F%98%80")]
    public async Task A_search_for_metacharacters_finds_nobody_and_breaks_nothing(string search)
    {
        var server = shared.Server;

        Assert.Empty(Ids(await server.Client.GetJsonAsync($"{Json.Users}?search={search}")));
    }

    private static IEnumerable<long> Ids(JsonElement users) => users.EnumerateArray().Select(u => u.GetProperty("id").GetInt64());
}
