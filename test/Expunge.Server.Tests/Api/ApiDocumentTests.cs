using System.Net;
using System.Text.RegularExpressions;
using Expunge.Testing;
using Xunit;

namespace Expunge.Server.Tests.Api;

public sealed partial class ApiDocumentTests
{
    [Fact]
    public async Task The_OpenAPI_document_has_the_documents_endpoints_each_with_a_summary()
    {
        await using var server = await RunningServer.ZivoHealthAsync();
        var document = await server.Client.GetJsonAsync("/openapi/v1.json");

        foreach (var path in (string[])[Json.Login, Json.Users, Json.Mark, Json.Unmark, Json.DeletePermanently, "/api/v1/admin/users/delete", Json.Admins, $"{Json.Admins}/{{id}}", $"{Json.Admins}/{{id}}/password", Json.Verify, Json.Graph])
        {
            foreach (var operation in document.GetProperty("paths").GetProperty(path).EnumerateObject())
            {
                Assert.True(operation.Value.TryGetProperty("summary", out _), path);
                Assert.Equal(path != Json.Login, operation.Value.TryGetProperty("security", out _));
            }
        }

        Assert.True(document.GetProperty("paths").GetProperty("/api/v1/admin/users/delete").GetProperty("post").GetProperty("deprecated").GetBoolean());
        Assert.Equal("integer", UserIdType(document));
    }

    [Fact]
    public async Task The_reference_page_comes_with_its_script_and_asks_no_other_host()
    {
        await using var server = await RunningServer.ZivoHealthAsync();
        var page = await server.Client.GetStringAsync(new Uri("/docs/", UriKind.Relative));

        var scripts = Sources().Matches(page).Select(m => m.Groups[1].Value).ToList();

        Assert.NotEmpty(scripts);
        Assert.DoesNotContain(scripts, s => s.Contains("//", StringComparison.Ordinal));
        foreach (var script in scripts) Assert.NotEmpty(await server.Client.GetByteArrayAsync(new Uri(new Uri(new Uri(server.Url), "/docs/"), script)));
    }

    [Theory]
    [InlineData("uuid", "'11111111-2222-3333-4444-555555555555'", "\"11111111-2222-3333-4444-555555555555\"")]
    [InlineData("text", "'o''neil \"; --'", "\"o'neil \\\"; --\"")]
    [InlineData("bigint", "9223372036854775807", "9223372036854775807")]
    public async Task Ids_are_what_the_roots_key_is(string type, string sql, string json)
    {
        var connectionString = await TestServer.EmptyAsync();
        await TestServer.ExecuteAsync(connectionString, $"""
            CREATE SCHEMA crm; CREATE TABLE crm."Customer" ("Ref" {type} PRIMARY KEY, "E-Mail" text);
            CREATE TABLE crm.note (id int PRIMARY KEY, customer {type} REFERENCES crm."Customer" ON DELETE CASCADE);
            INSERT INTO crm."Customer" VALUES ({sql}, 'a@example.com'); INSERT INTO crm.note VALUES (1, {sql});
            CREATE INDEX ON crm.note (customer);
            """);
        await using var server = await (await RunningServer.StartAsync(connectionString, "root: crm.Customer\ncolumns:\n  show: [E-Mail]\n")).SignInAsync();

        var listed = await server.Client.GetJsonAsync(Json.Users);
        var deleted = await (await server.Client.SendAsync(Json.DeletePermanently, $$"""{"user_ids":[{{json}}]}""")).BodyAsync();

        Assert.Equal($$"""[{"id":{{json}},"E-Mail":"a@example.com"}]""", $"{listed}");
        Assert.Equal(1, deleted.GetProperty("deleted").GetInt32());
        Assert.Equal(0, await server.CountAsync("crm.note"));
        Assert.Equal(type == "bigint" ? "integer" : "string", UserIdType(await server.Client.GetJsonAsync("/openapi/v1.json")));
        await server.Client.SendAsync(Json.DeletePermanently, $$"""{"user_ids":[{{(type == "bigint" ? "\"7\"" : "7")}}]}""").ProblemAsync(HttpStatusCode.BadRequest);
    }

    private static string? UserIdType(System.Text.Json.JsonElement document) =>
        document.GetProperty("components").GetProperty("schemas").GetProperty("UserIdsRequest").GetProperty("properties").GetProperty("user_ids").GetProperty("items").GetProperty("type").GetString();

    [GeneratedRegex("src=\"([^\"]+)\"", RegexOptions.None, 1000)]
    private static partial Regex Sources();
}
