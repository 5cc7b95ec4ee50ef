using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Expunge.Server.Tests.Api;
using Xunit;

namespace Expunge.Server.Tests.Operations;

public sealed class OpenApiFileTests
{
    private const string Committed = "docs/openapi.json";

    private static readonly JsonSerializerOptions Style = new() { WriteIndented = true, NewLine = "\n", Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    [Fact]
    public async Task The_committed_document_is_the_servers()
    {
        await using var server = await RunningServer.ZivoHealthAsync();
        var served = JsonSerializer.Serialize(await server.Client.GetJsonAsync("/openapi/v1.json"), Style) + "\n";

        var path = SourceFiles.PathOf(Committed);
        if (SourceFiles.Updates) await File.WriteAllTextAsync(path, served, TestContext.Current.CancellationToken);
        var committed = File.Exists(path) ? await File.ReadAllTextAsync(path, TestContext.Current.CancellationToken) : "{}";

        var differences = new StringBuilder();
        Compare(JsonNode.Parse(committed), JsonNode.Parse(served), "", differences);
        Assert.True(differences.Length == 0, $"{Committed} is not what the server serves (EXPUNGE_UPDATE_DOCS=1 rewrites it):\n{differences}");
    }

    private static void Compare(JsonNode? committed, JsonNode? served, string at, StringBuilder differences)
    {
        if (committed is JsonObject a && served is JsonObject b)
        {
            foreach (var name in a.Select(p => p.Key).Union(b.Select(p => p.Key))) Compare(a[name], b[name], $"{at}/{name}", differences);
        }
        else if (!JsonNode.DeepEquals(committed, served))
        {
            differences.Append(System.Globalization.CultureInfo.InvariantCulture, $"{at}\n  committed {committed?.ToJsonString() ?? "nothing"}\n  served    {served?.ToJsonString() ?? "nothing"}\n");
        }
    }
}
