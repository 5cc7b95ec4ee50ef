using System.Net;
using Xunit;

namespace Expunge.Server.Tests.Api;

public sealed class SchemaTests(ServerBeforeUpgrade shared) : IClassFixture<ServerBeforeUpgrade>
{
    [Fact]
    public async Task Verify_and_graph_answer_what_the_commands_print()
    {
        var server = await shared.Server.SignInAsync("anna");

        var report = await server.Client.GetJsonAsync(Json.Verify);
        var graph = await server.Client.GetJsonAsync(Json.Graph);

        Assert.False(report.GetProperty("ok").GetBoolean());
        Assert.Equal("public.users", report.GetProperty("root").GetString());
        Assert.Contains(report.GetProperty("lines").EnumerateArray(), l => l.GetProperty("object").GetString() == "clinical_reports.reviewed_by" && l.GetProperty("delete_rule").GetString() == "NO ACTION" && l.GetProperty("wanted").GetString() == "SET DEFAULT");
        Assert.Contains(report.GetProperty("findings").EnumerateArray(), f => f.GetProperty("code").GetString() == "EXP3001" && f.GetProperty("severity").GetString() == "error");
        Assert.Equal("public.users", graph.GetProperty("tables")[0].GetProperty("name").GetString());
        Assert.True(graph.GetProperty("tables").GetArrayLength() > 100);
        var reviewed = graph.GetProperty("references").EnumerateArray().Single(r => $"{r.GetProperty("columns")}" == "[\"reviewed_by\"]");
        Assert.Equal("set default", reviewed.GetProperty("action").GetString());
        Assert.False(reviewed.GetProperty("is_as_policy").GetBoolean());
        Assert.Equal("NO ACTION", reviewed.GetProperty("constraints")[0].GetProperty("delete_rule").GetString());
    }

    [Fact]
    public async Task Nobody_reads_them_without_a_token()
    {
        using var anonymous = shared.Server.Anonymous();
        foreach (var path in (string[])[Json.Verify, Json.Graph]) await anonymous.GetAsync(new Uri(path, UriKind.Relative)).ProblemAsync(HttpStatusCode.Unauthorized);
    }
}
