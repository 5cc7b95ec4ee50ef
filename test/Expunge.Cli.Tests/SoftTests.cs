using System.Text.Json;
using Expunge.Policy;
using Expunge.Testing;
using Xunit;

namespace Expunge.Cli.Tests;

public sealed class SoftTests
{
    private const string Sql = "CREATE TABLE logins (user_id integer, owner_id integer, member_ids integer[]); INSERT INTO logins SELECT id, NULL, ARRAY[id] FROM users; CREATE TABLE seen (user_id integer)";

    [Fact]
    public async Task What_seems_to_hold_keys_is_a_finding_until_it_is_written_into_the_policy()
    {
        using var blog = await BlogDatabase.CreateAsync("# ours\nroot: users   # all of them\n");
        await TestServer.ExecuteAsync(blog.ConnectionString, Sql);
        var found = await blog.RunAsync("soft");
        Assert.Equal(1, found.ExitCode);
        Assert.Contains("logins.user_id  integer  likely      named for users; 2 of 2 values are keys, by chance 1", found.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("owner_id", found.Output, StringComparison.Ordinal);
        Assert.Contains("❌ 2 columns without a foreign key seem to hold keys of public.users.", found.Output, StringComparison.Ordinal);
        Assert.Contains("logins.owner_id", (await blog.RunAsync("soft", "--all")).Output, StringComparison.Ordinal);

        var written = await blog.RunAsync("soft", "--write");
        Assert.Equal((0, ""), (written.ExitCode, written.Error));
        Assert.Equal(
            """
            # ours
            root: users   # all of them

            soft_references:
              logins.user_id: delete    # review (likely): named for users; 2 of 2 values are keys, by chance 1
              seen.user_id: delete    # review (likely): named for users; no values

            """,
            await File.ReadAllTextAsync(blog.Policy.Path, TestContext.Current.CancellationToken));
        Assert.Equal(["logins", "seen"], PolicyReader.Load(blog.Policy.Path).SoftReferences.Select(s => s.Table.Name));

        var again = await blog.RunAsync("soft", "--write");
        Assert.Equal(0, again.ExitCode);
        Assert.Contains("✅ Found no column to declare as a soft reference to public.users beyond the policy's 2. The policy file is as it was.", again.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task As_json_it_is_one_document()
    {
        using var blog = await BlogDatabase.CreateAsync();
        await TestServer.ExecuteAsync(blog.ConnectionString, $"{Sql}; INSERT INTO logins SELECT NULL, NULL, ARRAY[1]; CREATE TABLE groups (user_ids integer[]); INSERT INTO groups VALUES ('{{1,2}}')");
        using var document = JsonDocument.Parse((await blog.RunAsync("soft", "--json")).Output);
        var columns = document.RootElement.GetProperty("columns").EnumerateArray().ToList();
        Assert.Equal(["logins.user_id", "seen.user_id", "groups.user_ids"], columns.Select(c => c.GetProperty("column").GetString()).OrderBy(c => c!.StartsWith('g')));
        Assert.All(columns, c => Assert.Equal(("users", "likely"), (c.GetProperty("references").GetString(), c.GetProperty("likelihood").GetString())));
        Assert.Equal((false, JsonValueKind.Null), (document.RootElement.GetProperty("ok").GetBoolean(), document.RootElement.GetProperty("written").ValueKind));
    }

    [Fact]
    public async Task A_table_that_was_not_read_is_named_and_a_finding()
    {
        using var blog = await BlogDatabase.CreateAsync();
        await TestServer.ExecuteAsync(
            blog.ConnectionString,
            """
            CREATE TABLE secrets (n integer, editor_id integer);
            DO $$ BEGIN CREATE ROLE soft_cli LOGIN PASSWORD 'soft'; EXCEPTION WHEN duplicate_object THEN NULL; END $$;
            GRANT SELECT ON users TO soft_cli;
            """);
        var to = new Npgsql.NpgsqlConnectionStringBuilder(blog.ConnectionString) { Username = "soft_cli", Password = "soft" }.ConnectionString;
        var result = await ExpungeProcess.RunAsync(["soft", "--root", "users", "--database", to]);
        Assert.Equal(1, result.ExitCode);
        Assert.Contains("⚠️  secrets: this role may not read all of it; judged by its columns' names only", result.Output, StringComparison.Ordinal);
        Assert.Contains("1 more is merely possible:  expunge soft --all", result.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("EXP1001", "root: users\n", "--root", "users", "--write")]
    [InlineData("EXP1110", "{ root: users }\n", "--write")]
    [InlineData("EXP1101", "root: users\nsoft_references:\n  logins.user: delete\n")]
    public async Task Wrong_usage_changes_nothing(string code, string policy, params string[] args)
    {
        using var blog = await BlogDatabase.CreateAsync(policy);
        await TestServer.ExecuteAsync(blog.ConnectionString, Sql);
        var result = await blog.RunAsync(["soft", .. args]);
        Assert.Equal(2, result.ExitCode);
        Assert.Contains($"[{code}]", result.Error, StringComparison.Ordinal);
        Assert.Equal(policy, await File.ReadAllTextAsync(blog.Policy.Path, TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task The_time_must_be_a_number_of_seconds() => Assert.Equal(2, (await ExpungeProcess.RunAsync(["soft", "--timeout", "0"])).ExitCode);
}
