using System.Text.Json;
using System.Xml.Linq;
using Expunge.Testing;
using Xunit;

namespace Expunge.Cli.Tests;

public sealed class VerifyTests
{
    // Names that XML, Markdown and terminals each have their trouble with.
    private const string Odd =
        """
        CREATE TABLE users (id int PRIMARY KEY);
        CREATE TABLE "<a> & 'b' | c*d`e" (id int PRIMARY KEY, "u""1" int NOT NULL REFERENCES users);
        CREATE TABLE posts (id int PRIMARY KEY, user_id int NOT NULL REFERENCES users ON DELETE CASCADE);
        CREATE INDEX ON posts (user_id);
        CREATE TABLE likes (id int PRIMARY KEY, user_id int NOT NULL REFERENCES users ON DELETE CASCADE);
        """;

    [Fact]
    public async Task Junit_has_a_test_case_for_each_reference_and_a_failure_for_each_that_has_an_error()
    {
        using var blog = await OddAsync($"{Odd} CREATE MATERIALIZED VIEW list AS SELECT * FROM posts; CREATE TABLE \"bell\u0007\" (id int REFERENCES users)");
        var result = await blog.RunAsync("verify", "--format", "junit");
        Assert.Equal(1, result.ExitCode);

        var suite = XDocument.Parse(result.Output).Root!.Element("testsuite")!;
        var cases = suite.Elements("testcase").ToList();
        Assert.Equal(("expunge verify public.users", "5", "2"), (suite.Attribute("name")!.Value, suite.Attribute("tests")!.Value, suite.Attribute("failures")!.Value));
        Assert.Equal(
            ["<a> & 'b' | c*d`e.\"u\"\"1\" → users", "bell\uFFFD.id → users", "likes.user_id → users", "posts.user_id → users", "EXP3017 list"],
            cases.Select(c => c.Attribute("name")!.Value));
        Assert.Equal([true, true, false, false, false], cases.Select(c => c.Element("failure") is not null));
        Assert.Equal("EXP3001", cases[0].Element("failure")!.Attribute("type")!.Value);
        Assert.Contains("→ expunge upgrade", cases[0].Element("failure")!.Value, StringComparison.Ordinal);
        Assert.StartsWith("EXP3006 likes.user_id: no index", cases[2].Element("system-out")!.Value, StringComparison.Ordinal);
        Assert.Empty(cases[3].Elements());
        Assert.StartsWith("EXP3017 list: ", cases[4].Element("system-out")!.Value, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Markdown_has_the_references_that_are_in_trouble_and_the_findings()
    {
        using var blog = await OddAsync(Odd);
        var result = await blog.RunAsync("verify", "--format", "markdown");
        Assert.Equal(1, result.ExitCode);
        var lines = result.Output.Split('\n');
        Assert.Equal("## ❌ 1 of 3 references to public.users are not as the policy says; 1 error.", lines[0]);
        Assert.Contains("3 references, 2 as the policy says; 1 error, 2 warnings.", lines);
        Assert.Equal(
            [
                @"| ❌ | \<a\> \& 'b' \| c\*d\`e | u""1 | NO ACTION | CASCADE | \<a\> \& 'b' \| c\*d\`e\_u""1\_fkey | yes | yes | no |",
                @"| ⚠️ | likes | user\_id | CASCADE | CASCADE | likes\_user\_id\_fkey | yes | yes | no |",
            ],
            lines.Where(l => l.StartsWith("| ❌", StringComparison.Ordinal) || l.StartsWith("| ⚠️", StringComparison.Ordinal)));
        Assert.Contains(lines, l => l.StartsWith("- **EXP3001** `` <a> & 'b' | c*d`e.\"u\"\"1\" ``: ", StringComparison.Ordinal));
        Assert.Contains("  → `expunge upgrade`", lines);
    }

    [Fact]
    public async Task Markdown_of_what_is_as_it_should_be_is_its_sum()
    {
        using var blog = await BlogDatabase.CreateAsync();
        Assert.Equal(0, (await blog.RunAsync("upgrade", "--yes")).ExitCode);
        var result = await blog.RunAsync("verify", "--format", "markdown");
        Assert.Equal((0, "## ✅ 2 of 2 references to public.users are as the policy says.\n\n2 references, 2 as the policy says; 0 errors, 0 warnings.\n"), (result.ExitCode, result.Output));
    }

    [Fact]
    public async Task Text_is_the_default_and_says_what_is_validated_and_enforced()
    {
        using var blog = await BlogDatabase.CreateAsync();
        var result = await blog.RunAsync("verify");
        Assert.Equal(result, await blog.RunAsync("verify", "--format", "text"));
        Assert.Matches(@"❌ +posts +user_id +NO ACTION +CASCADE +posts_user_id_fkey +yes +yes +no\n", result.Output);
    }

    [Fact]
    public async Task Json_has_the_references_and_the_findings_that_name_them()
    {
        using var blog = await BlogDatabase.CreateAsync();
        using var document = JsonDocument.Parse((await blog.RunAsync("verify", "--json")).Output);
        Assert.Equal(["likes.user_id", "posts.user_id"], document.RootElement.GetProperty("lines").EnumerateArray().Select(l => l.GetProperty("object").GetString()));
        Assert.Equal(["likes.user_id", "posts.user_id"], document.RootElement.GetProperty("findings").EnumerateArray().Select(f => f.GetProperty("object").GetString()).Distinct());
    }

    [Theory]
    [InlineData("--json", "--format", "text")]
    [InlineData("--format", "html")]
    public async Task A_format_that_does_not_exist_or_is_given_beside_json_is_wrong_usage(params string[] args)
    {
        using var blog = await BlogDatabase.CreateAsync();
        Assert.Equal(2, (await blog.RunAsync(["verify", .. args])).ExitCode);
    }

    [Fact]
    public async Task What_has_changed_since_the_upgrade_fails_it()
    {
        using var blog = await BlogDatabase.CreateAsync();
        Assert.Equal(0, (await blog.RunAsync("upgrade", "--yes")).ExitCode);
        await TestServer.ExecuteAsync(blog.ConnectionString, "ALTER TABLE posts DROP CONSTRAINT posts_user_id_fkey");
        var result = await blog.RunAsync("verify");
        Assert.Equal(1, result.ExitCode);
        Assert.Contains("EXP3018 posts.user_id: revision 001 left posts_user_id_fkey", result.Output, StringComparison.Ordinal);
        // The reference is gone, so none is left that is not as the policy says.
        Assert.EndsWith("❌ 1 of 1 references to public.users are as the policy says; 1 error.\n", result.Output, StringComparison.Ordinal);
    }

    private static async Task<BlogDatabase> OddAsync(string sql)
    {
        var blog = await BlogDatabase.CreateAsync();
        await TestServer.ExecuteAsync(blog.ConnectionString, $"DROP TABLE likes, posts, users; {sql}");
        return blog;
    }
}
