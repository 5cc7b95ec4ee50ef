using System.Net;
using System.Text;
using Expunge.Testing;
using Xunit;

namespace Expunge.Server.Tests.Api;

/// <summary>Whatever is wrong with a request: it is refused as a whole, and nothing is changed.</summary>
public sealed class BadInputTests(SharedServer shared) : IClassFixture<SharedServer>
{
    [Theory]
    [InlineData("""{"user_ids":["7"]}""")]
    [InlineData("""{"user_ids":[7.0]}""")]
    [InlineData("""{"user_ids":[7.5]}""")]
    [InlineData("""{"user_ids":[7e0]}""")]
    [InlineData("""{"user_ids":[7, null]}""")]
    [InlineData("""{"user_ids":[7, true]}""")]
    [InlineData("""{"user_ids":[[7]]}""")]
    [InlineData("""{"user_ids":[{"id":7}]}""")]
    [InlineData("""{"user_ids":[7, 9223372036854775808]}""")]
    [InlineData("""{"user_ids":[7, -9223372036854775809]}""")]
    [InlineData("""{"user_ids":[7, 2147483648]}""")]
    [InlineData("""{"user_ids":[-0]}""")]
    [InlineData("""{"user_ids":[7, "8; DROP TABLE users"]}""")]
    [InlineData("""{"user_ids":7}""")]
    [InlineData("""{"user_ids":"7"}""")]
    [InlineData("""{"user_ids":{}}""")]
    [InlineData("""{"user_ids":null}""")]
    [InlineData("""{"user_ids":[7],"user_ids":[8]}""")]
    [InlineData("""{"ids":[7]}""")]
    [InlineData("{}")]
    [InlineData("[7]")]
    [InlineData("7")]
    [InlineData("null")]
    [InlineData("")]
    [InlineData("""{"user_ids":[7]""")]
    [InlineData("""{"user_ids":[7]} trailing""")]
    [InlineData("user_ids=7")]
    public async Task A_body_that_is_not_a_list_of_ids_is_refused_by_every_endpoint_that_takes_one(string body)
    {
        var server = shared.Server;
        var before = await server.CountAsync("users WHERE is_active");

        foreach (var path in (string[])[Json.DeletePermanently, Json.Mark, Json.Unmark, "/api/v1/admin/users/delete"])
        {
            await server.Client.SendAsync(path, body).ProblemAsync(HttpStatusCode.BadRequest);
        }

        Assert.Equal(before, await server.CountAsync("users WHERE is_active"));
    }

    [Fact]
    public async Task An_empty_list_deletes_nobody()
    {
        var server = shared.Server;

        var deleted = await (await server.Client.SendAsync(Json.DeletePermanently, """{"user_ids":[]}""")).BodyAsync();
        var marked = await (await server.Client.SendAsync(Json.Mark, """{"user_ids":[]}""")).BodyAsync();

        Assert.Equal("""{"deleted":0,"message":"Permanently deleted 0 user(s) and all associated data"}""", $"{deleted}");
        Assert.Equal("""{"updated":0,"message":"Marked 0 user(s) for deletion"}""", $"{marked}");
    }

    [Fact]
    public async Task Duplicates_count_once()
    {
        var server = shared.Server;

        var answer = await (await server.Client.SendAsync(Json.DeletePermanently, """{"user_ids":[9, 9, 999999, 9, 999999]}""")).BodyAsync();

        Assert.Equal(1, answer.GetProperty("deleted").GetInt32());
        Assert.Equal(1, answer.GetProperty("errors").GetArrayLength());
    }

    [Fact]
    public async Task Ten_thousand_ids_are_taken_and_one_more_is_not()
    {
        var server = shared.Server;
        await TestServer.ExecuteAsync(server.ConnectionString, "INSERT INTO users (id, email, hashed_password) SELECT i, i || '@many.example', '!' FROM generate_series(100001, 110001) i");

        await server.Client.SendAsync(Json.DeletePermanently, Ids(100_001, 110_001)).ProblemAsync(HttpStatusCode.BadRequest);
        var all = await server.CountAsync("users WHERE email LIKE '%@many.example'");
        var deletion = await (await server.Client.SendAsync(Json.DeletePermanently, Ids(100_001, 110_000), ("Prefer", "respond-async"))).BodyAsync(HttpStatusCode.Accepted);
        await server.Client.SendAsync($"{Json.Deletions}/{deletion.GetProperty("id")}/cancel", "");

        Assert.Equal(10_001, all);
        Assert.Equal(10_000, deletion.GetProperty("subjects").GetProperty("total").GetInt32());
    }

    [Fact]
    public async Task A_huge_body_is_refused_with_413()
    {
        var server = shared.Server;

        // Asked for first: the server answers without reading the body, and may close the connection on who still sends it.
        await server.Client.SendAsync(Json.DeletePermanently, $$"""{"user_ids":[7{{string.Concat(Enumerable.Repeat(", 7", 500_000))}}]}""", ("Expect", "100-continue")).ProblemAsync(HttpStatusCode.RequestEntityTooLarge);

        Assert.Equal(1, await server.CountAsync("users WHERE id = 7"));
    }

    [Fact]
    public async Task Another_content_type_and_another_verb_are_refused_with_their_own_status()
    {
        var server = shared.Server;

        using var form = new StringContent("""{"user_ids":[7]}""", Encoding.UTF8, "text/plain");
        await server.Client.PostAsync(new Uri(Json.DeletePermanently, UriKind.Relative), form).ProblemAsync(HttpStatusCode.UnsupportedMediaType);
        await server.Client.DeleteAsync(new Uri(Json.DeletePermanently, UriKind.Relative)).ProblemAsync(HttpStatusCode.MethodNotAllowed);
        await server.Client.GetAsync(new Uri("/api/v1/admin/nothing", UriKind.Relative)).ProblemAsync(HttpStatusCode.NotFound);
    }

    [Theory]
    [InlineData("text/html")]
    [InlineData("text/plain")]
    [InlineData("image/png")]
    public async Task Whatever_a_caller_says_it_accepts_a_problem_is_told(string accept)
    {
        var server = shared.Server;
        using var client = server.Anonymous();
        client.DefaultRequestHeaders.Authorization = server.Client.DefaultRequestHeaders.Authorization;
        client.DefaultRequestHeaders.Add("Accept", accept);

        await client.DeleteAsync(new Uri($"{Json.Admins}/4711", UriKind.Relative)).ProblemAsync(HttpStatusCode.NotFound);
        await client.SendAsync(Json.DeletePermanently, """{"user_ids":["7"]}""").ProblemAsync(HttpStatusCode.BadRequest);
        await client.GetAsync(new Uri("/api/v1/nothing", UriKind.Relative)).ProblemAsync(HttpStatusCode.NotFound);
    }

    [Theory]
    [InlineData("klingon")]
    [InlineData("utf-16")]
    public async Task A_body_that_is_not_UTF_8_is_refused_with_415_to_anybody(string charset)
    {
        var server = shared.Server;
        using var anonymous = server.Anonymous();
        using var body = new StringContent("{}");
        body.Headers.Remove("Content-Type");
        body.Headers.TryAddWithoutValidation("Content-Type", $"application/json; charset={charset}");

        await anonymous.PostAsync(new Uri(Json.Login, UriKind.Relative), body).ProblemAsync(HttpStatusCode.UnsupportedMediaType);
    }

    [Theory]
    [InlineData("""{"username":"root"}""")]
    [InlineData("""{"username":null,"password":"x"}""")]
    [InlineData("""{"username":["root"],"password":"x"}""")]
    [InlineData("""{"username":1,"password":2}""")]
    [InlineData("not json")]
    public async Task A_malformed_login_is_refused_with_400(string body)
    {
        var server = shared.Server;
        using var anonymous = server.Anonymous();

        var problem = await anonymous.SendAsync(Json.Login, body).ProblemAsync(HttpStatusCode.BadRequest);
        Assert.DoesNotContain("Service", problem, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("root' --", "x")]
    [InlineData("' OR true; DELETE FROM expunge.admin; --", "x")]
    [InlineData("root\\u0000", "x")]
    [InlineData("", "")]
    [InlineData("root", "correct horse batterY")]
    public async Task A_login_with_metacharacters_or_a_wrong_password_is_just_wrong(string name, string password)
    {
        var server = shared.Server;
        using var anonymous = server.Anonymous();

        await anonymous.SendAsync(Json.Login, $$"""{"username":"{{name}}","password":"{{password}}"}""").ProblemAsync(HttpStatusCode.Unauthorized);

        Assert.Equal(2, await server.CountAsync("expunge.admin"));
    }

    [Fact]
    public async Task A_long_name_and_a_long_password_are_just_wrong()
    {
        var server = shared.Server;
        using var anonymous = server.Anonymous();

        await anonymous.SendAsync(Json.Login, $$"""{"username":"{{new string('r', 100_000)}}","password":"{{new string('p', 100_000)}}"}""").ProblemAsync(HttpStatusCode.Unauthorized);
    }

    private static string Ids(int first, int last) => $$"""{"user_ids":[{{string.Join(',', Enumerable.Range(first, last - first + 1))}}]}""";
}
