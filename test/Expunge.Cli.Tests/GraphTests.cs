using System.Text.Json;
using System.Xml.Linq;
using Xunit;

namespace Expunge.Cli.Tests;

public sealed class GraphTests
{
    [Theory]
    [InlineData("tree", "users\n├─ likes.user_id")]
    [InlineData("mermaid", "flowchart LR\n")]
    [InlineData("dot", "digraph \"expunge\" {\n")]
    [InlineData("svg", "<svg ")]
    public async Task Each_format_is_printed_whether_or_not_the_references_are_as_the_policy_says(string format, string start)
    {
        using var blog = await BlogDatabase.CreateAsync();

        var result = await blog.RunAsync("graph", "--format", format);

        Assert.True(result.ExitCode == 0, result.ToString());
        Assert.StartsWith(start, result.Output, StringComparison.Ordinal);
        Assert.Empty(result.Error);
    }

    [Theory]
    [InlineData("a.svg", "<svg ")]
    [InlineData("a.SVG", "<svg ")]
    [InlineData("a.dot", "digraph ")]
    [InlineData("a.gv", "digraph ")]
    [InlineData("a.mmd", "flowchart ")]
    [InlineData("a.txt", "users\n")]
    public async Task The_ending_of_the_file_says_the_format(string file, string start)
    {
        using var blog = await BlogDatabase.CreateAsync();

        var result = await blog.RunAsync("graph", "--output", file);

        Assert.Equal((0, $"Wrote {file}: 3 tables.\n"), (result.ExitCode, result.Output));
        Assert.StartsWith(start, await ReadAsync(blog, file), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_file_that_exists_is_left_alone_without_force_and_the_format_that_is_asked_for_goes_before_the_ending()
    {
        using var blog = await BlogDatabase.CreateAsync();
        await File.WriteAllTextAsync(Path.Combine(blog.Policy.Folder, "a.svg"), "mine", TestContext.Current.CancellationToken);

        var refused = await blog.RunAsync("graph", "--output", "a.svg", "--format", "dot");

        Assert.Equal(2, refused.ExitCode);
        Assert.Contains("[EXP1104]", refused.Error, StringComparison.Ordinal);
        Assert.Equal("mine", await ReadAsync(blog, "a.svg"));
        Assert.Equal(0, (await blog.RunAsync("graph", "--output", "a.svg", "--format", "dot", "--force")).ExitCode);
        Assert.StartsWith("digraph ", await ReadAsync(blog, "a.svg"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("EXP1001", "--json", "--format", "svg")]
    [InlineData("EXP1001", "--json", "--output", "a.svg")]
    [InlineData("EXP1001", "--output", "no/such/folder/a.svg")]
    public async Task Wrong_usage_draws_nothing(string code, params string[] options)
    {
        using var blog = await BlogDatabase.CreateAsync();

        var result = await blog.RunAsync(["graph", .. options]);

        Assert.Equal(2, result.ExitCode);
        Assert.Contains($"[{code}]", result.Error, StringComparison.Ordinal);
        Assert.False(File.Exists(Path.Combine(blog.Policy.Folder, "a.svg")));
    }

    [Fact]
    public async Task An_unknown_format_is_refused_with_those_that_there_are()
    {
        var result = await ExpungeProcess.RunAsync(["graph", "--format", "png"]);

        Assert.Equal(2, result.ExitCode);
        Assert.Contains("mermaid", result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task With_json_it_prints_what_the_pictures_show()
    {
        using var blog = await BlogDatabase.CreateAsync("root: users\nreferences: { likes.user_id: set null }\n");

        var result = await blog.RunAsync("graph", "--json");

        Assert.True(result.ExitCode == 0, result.ToString());
        using var document = JsonDocument.Parse(result.Output);
        Assert.Equal(["root", "tables", "references"], document.RootElement.EnumerateObject().Select(p => p.Name));
        Assert.Equal("""{"name":"public.likes","label":"likes","depth":1,"losesRows":false,"isShared":false}""", Compact(document.RootElement.GetProperty("tables")[1]));
        Assert.Equal(
            """{"table":"public.likes","referencedTable":"public.users","through":null,"columns":["user_id"],"referencedColumns":["id"]"""
            + ""","constraints":[{"name":"likes_user_id_fkey","deleteRule":"NO ACTION","validated":true,"enforced":true,"triggersEnabled":true}],"action":"set null","reassignTo":null,"wanted":"SET NULL","reason":null"""
            + ""","deletes":false,"blocks":true,"isAsPolicy":false,"isUndecided":false,"hasIndex":false,"isSoft":false}""",
            Compact(document.RootElement.GetProperty("references")[0]));
    }

    [Fact]
    public async Task After_the_upgrade_nothing_blocks_and_without_a_policy_it_draws_what_cascading_all_would_be()
    {
        using var blog = await BlogDatabase.CreateAsync();
        Assert.Equal(0, (await blog.RunAsync("upgrade", "--yes")).ExitCode);

        Assert.Contains("3 tables, 2 references; nothing blocks a deletion today.", (await blog.RunAsync("graph")).Output, StringComparison.Ordinal);
        File.Delete(blog.Policy.Path);
        Assert.Equal("img", XDocument.Parse((await blog.RunAsync("graph", "--root", "users", "--format", "svg")).Output).Root!.Attribute("role")!.Value);
    }

    private static string Compact(JsonElement element) => JsonSerializer.Serialize(element, JsonSerializerOptions.Web);

    private static Task<string> ReadAsync(BlogDatabase blog, string file) => File.ReadAllTextAsync(Path.Combine(blog.Policy.Folder, file), TestContext.Current.CancellationToken);
}
