using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using CsCheck;
using Xunit;

namespace Expunge.Server.Tests.Api;

/// <summary>Requests made from the OpenAPI document, right ones and wrong ones: every one is answered, and none with a mistake of the server.</summary>
public sealed class FuzzTests(SharedServer shared, ITestOutputHelper output) : IClassFixture<SharedServer>
{
    private const int Requests = 250;

    private static readonly Gen<string> Text = Gen.OneOf(
        Gen.String[0, 20], Gen.String[Gen.Char.AlphaNumeric, 0, 300], Gen.OneOf("", " ", "%", "'", "\"; DROP TABLE users; --", "\0", "../..", "null", "-1", "9223372036854775808", "é\u202e", "\ud83d\ude00", "a/b?c#d"));

    private static readonly Gen<string> Number = Gen.OneOf(Gen.Int[-3, 60].Select(i => $"{i}"), Gen.Long.Select(i => $"{i}"), Gen.OneOf("1e3", "7.0", "99999999999999999999", "-0", "NaN"));

    [Fact]
    public async Task No_request_that_the_document_allows_or_forbids_is_answered_with_a_500()
    {
        var server = shared.Server;
        var document = await server.Client.GetJsonAsync("/openapi/v1.json");
        var operations = document.GetProperty("paths").EnumerateObject().SelectMany(p => p.Value.EnumerateObject().Select(o => (Path: p.Name, Method: o.Name, Operation: o.Value))).ToArray();
        var answered = new SortedDictionary<string, int>(StringComparer.Ordinal);
        var request = Gen.OneOf(operations).SelectMany(o => RequestOf(document, o.Path, o.Method, o.Operation));

        await request.SampleAsync(
            async r =>
            {
                using var message = new HttpRequestMessage(HttpMethod.Parse(r.Method), r.Path);
                if (r.Body is not null) message.Content = new ByteArrayContent(Encoding.UTF8.GetBytes(r.Body)) { Headers = { { "Content-Type", r.Type } } };
                if (r.Method == "post") message.Headers.Add("Prefer", "respond-async");
                using var response = await server.Client.SendAsync(message, HttpCompletionOption.ResponseHeadersRead, TestContext.Current.CancellationToken);
                lock (answered) answered[$"{(int)response.StatusCode}"] = answered.GetValueOrDefault($"{(int)response.StatusCode}") + 1;
                if ((int)response.StatusCode >= 500) Assert.Fail($"{r.Method} {r.Path} {r.Type} {r.Body}: {(int)response.StatusCode} {await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)}");
            },
            iter: Requests, threads: 2);

        output.WriteLine(string.Join(", ", answered.Select(a => $"{a.Value} × {a.Key}")));
        Assert.Contains("200", answered.Keys);
        Assert.Contains("400", answered.Keys);
        Assert.NotEmpty((await server.Client.GetJsonAsync(Json.Users)).EnumerateArray());
    }

    private static Gen<(string Method, string Path, string? Body, string Type)> RequestOf(JsonElement document, string path, string method, JsonElement operation)
    {
        var parameters = operation.TryGetProperty("parameters", out var p) ? p.EnumerateArray().ToArray() : [];
        var url = Gen.Const(path);
        foreach (var parameter in parameters)
        {
            var (name, schema, inPath) = (parameter.GetProperty("name").GetString()!, parameter.GetProperty("schema"), parameter.GetProperty("in").GetString() == "path");
            var value = Gen.OneOf(IsInteger(schema) ? Number : Text, Text).Select(v => Uri.EscapeDataString(v is "" && inPath ? "0" : v));
            var before = url;
            url = inPath
                ? before.SelectMany(u => value.Select(v => u.Replace($"{{{name}}}", v is "." or ".." ? "0" : v, StringComparison.Ordinal)))
                : Gen.Bool.SelectMany(given => given ? before.SelectMany(u => value.Select(v => $"{u}{(u.Contains('?', StringComparison.Ordinal) ? '&' : '?')}{name}={v}")) : before);
        }

        var body = operation.TryGetProperty("requestBody", out var b) && b.GetProperty("content").TryGetProperty("application/json", out var json)
            ? Gen.Frequency((6, ValueOf(document, json.GetProperty("schema")).Select(v => v?.ToJsonString() ?? "null")), (1, Text), (1, Gen.OneOf("{}", "[]", "null", "{", "\ufeff{}", "{\"user_ids\":[1],\"user_ids\":[2]}", new string('[', 200)))).Select(s => (string?)s)
            : Gen.Const((string?)null);
        var type = Gen.Frequency((8, Gen.Const("application/json")), (1, Gen.OneOf("text/plain", "application/json; charset=latin1", "application/x-www-form-urlencoded")));
        return Gen.Select(url, body, type, (u, s, t) => (method, u, s, t));
    }

    private static Gen<JsonNode?> ValueOf(JsonElement document, JsonElement schema)
    {
        if (schema.TryGetProperty("$ref", out var reference)) return ValueOf(document, document.GetProperty("components").GetProperty("schemas").GetProperty(reference.GetString()!.Split('/')[^1]));
        var any = Gen.OneOf(Gen.Const((JsonNode?)null), Gen.Bool.Select(v => (JsonNode?)v), Text.Select(v => (JsonNode?)v), Gen.Int.Select(v => (JsonNode?)v), Gen.Const(0).Select(_ => (JsonNode?)new JsonObject()));
        if (schema.TryGetProperty("properties", out var properties))
        {
            var members = properties.EnumerateObject().Select(m => Gen.Frequency((8, ValueOf(document, m.Value)), (1, any)).Select(v => (m.Name, Value: v))).ToArray();
            return members.Aggregate(Gen.Const(0).Select(_ => new JsonObject()), (made, member) => made.SelectMany(o => member.Select(v => Added(o, v.Name, v.Value)))).Select(o => (JsonNode?)o);
        }

        if (schema.TryGetProperty("items", out var items)) return Gen.Frequency((8, ValueOf(document, items)), (1, any)).Array[0, 4].Select(a => (JsonNode?)new JsonArray([.. a.Select(v => v?.DeepClone())]));
        return IsInteger(schema) ? Gen.Long[1_000_000, 1_000_050].Select(v => (JsonNode?)v) : Text.Select(v => (JsonNode?)v);
    }

    private static JsonObject Added(JsonObject made, string name, JsonNode? value)
    {
        var added = (JsonObject)made.DeepClone();
        added[name] = value?.DeepClone();
        return added;
    }

    private static bool IsInteger(JsonElement schema) => schema.TryGetProperty("type", out var type) && type.ToString().Contains("integer", StringComparison.Ordinal);
}
