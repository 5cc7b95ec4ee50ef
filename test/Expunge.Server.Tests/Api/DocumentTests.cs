using System.Net.Http.Headers;
using System.Text.Json;
using Expunge.Testing;
using Xunit;

namespace Expunge.Server.Tests.Api;

/// <summary>What the original document and its deletion guide show, request by request.</summary>
public sealed class DocumentTests
{
    [Fact]
    public async Task A_login_answers_with_a_bearer_token_and_its_seconds()
    {
        await using var server = await RunningServer.ZivoHealthAsync();

        var login = await (await server.Client.SendAsync(Json.Login, $$"""{"username":"ROOT","password":"{{RunningServer.Password}}"}""")).BodyAsync();

        Assert.Equal("bearer", login.GetProperty("token_type").GetString());
        Assert.Equal(1800, login.GetProperty("expires_in").GetInt32());
        Assert.Equal("root", login.GetProperty("admin").GetProperty("username").GetString());
        Assert.True(login.GetProperty("admin").GetProperty("is_super").GetBoolean());
        server.Client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", login.GetProperty("access_token").GetString());
        Assert.Equal(JsonValueKind.Array, (await server.Client.GetJsonAsync(Json.Users)).ValueKind);
    }

    [Fact]
    public async Task Delete_permanently_deletes_the_user_with_all_data_and_answers_as_in_the_document()
    {
        await using var server = await (await RunningServer.ZivoHealthAsync()).SignInAsync();
        await TestServer.ExecuteAsync(server.ConnectionString, "INSERT INTO users (id, email, hashed_password) VALUES (12345, 'test@example.com', '!'); INSERT INTO vitals_daily_aggregates (user_id, date) VALUES (12345, '2025-10-20')");

        var answer = await (await server.Client.SendAsync(Json.DeletePermanently, """{"user_ids":[12345]}""")).BodyAsync();

        Assert.Equal("""{"deleted":1,"message":"Permanently deleted 1 user(s) and all associated data"}""", $"{answer}");
        Assert.Equal(0, await server.CountAsync("vitals_daily_aggregates WHERE user_id = 12345"));
        Assert.Equal(0, await server.CountAsync("users WHERE id = 12345"));
    }

    [Fact]
    public async Task Users_that_do_not_exist_are_named_and_do_not_keep_the_others()
    {
        await using var server = await (await RunningServer.ZivoHealthAsync()).SignInAsync();

        var answer = await (await server.Client.SendAsync(Json.DeletePermanently, """{"user_ids":[999999, 7, 888888]}""")).BodyAsync();

        Assert.Equal("""{"deleted":1,"message":"Permanently deleted 1 user(s) and all associated data","errors":["User 999999 not found","User 888888 not found"]}""", $"{answer}");
        Assert.Equal(0, await server.CountAsync("users WHERE id = 7"));
    }

    [Fact]
    public async Task Nobody_found_is_no_failure_but_says_so()
    {
        await using var server = await (await RunningServer.ZivoHealthAsync()).SignInAsync();

        var answer = await (await server.Client.SendAsync(Json.DeletePermanently, """{"user_ids":[999999]}""")).BodyAsync();

        Assert.Equal("""{"deleted":0,"message":"Permanently deleted 0 user(s) and all associated data","errors":["User 999999 not found"]}""", $"{answer}");
    }

    [Theory]
    [InlineData(Json.Mark)]
    [InlineData("/api/v1/admin/users/delete")]
    public async Task Marking_deactivates_and_dates_and_keeps_the_data(string path)
    {
        await using var server = await (await RunningServer.ZivoHealthAsync()).SignInAsync();
        var rows = await server.CountAsync("vitals_daily_aggregates");

        var answer = await (await server.Client.SendAsync(path, """{"user_ids":[3, 4, 5]}""")).BodyAsync();

        Assert.Equal("""{"updated":3,"message":"Marked 3 user(s) for deletion"}""", $"{answer}");
        Assert.Equal(3, await server.CountAsync("users WHERE id IN (3, 4, 5) AND NOT is_active AND is_tobe_deleted AND delete_date BETWEEN now() - interval '1 minute' AND now()"));
        Assert.Equal(rows, await server.CountAsync("vitals_daily_aggregates"));
    }

    [Fact]
    public async Task Unmarking_takes_the_mark_back()
    {
        await using var server = await (await RunningServer.ZivoHealthAsync()).SignInAsync();
        await server.Client.SendAsync(Json.Mark, """{"user_ids":[3, 4]}""");

        var answer = await (await server.Client.SendAsync(Json.Unmark, """{"user_ids":[4, 999999]}""")).BodyAsync();

        Assert.Equal("""{"updated":1,"message":"Unmarked 1 user(s)","errors":["User 999999 not found"]}""", $"{answer}");
        Assert.Equal(1, await server.CountAsync("users WHERE id = 4 AND is_active AND NOT is_tobe_deleted AND delete_date IS NULL"));
        Assert.Equal(1, await server.CountAsync("users WHERE id = 3 AND is_tobe_deleted"));
    }
}
