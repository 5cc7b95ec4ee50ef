using System.Text.Json;
using Expunge.Testing;
using Xunit;

namespace Expunge.Cli.Tests;

/// <summary><c>expunge delete</c> in all its ways to name users, with <c>mark</c> and <c>unmark</c>.</summary>
public sealed class DeleteTests
{
    private const string Policy = "root: users\ngrace_period: 1d\nmax_subjects: 2\ncolumns: { is_active: is_active, is_tobe_deleted: gone, delete_date: since }\n";

    [Fact]
    public async Task The_users_that_meet_a_condition_are_shown_and_deleted()
    {
        using var blog = await CreateAsync();

        var planned = await blog.RunAsync("delete", "--where", "name LIKE 'o%'", "--dry-run");
        Assert.True(planned.ExitCode == 0, planned.ToString());
        Assert.StartsWith("1 user(s): 1\n", planned.Output, StringComparison.Ordinal);
        Assert.Contains("Would delete 1 user(s), 4 rows in 3 tables. Nothing was changed.", planned.Output, StringComparison.Ordinal);

        var deleted = await blog.RunAsync("delete", "--where", "name LIKE 'o%'", "--yes");
        Assert.True(deleted.ExitCode == 0, deleted.ToString());
        Assert.StartsWith("1 user(s): 1\n", deleted.Output, StringComparison.Ordinal);
        Assert.Contains("✅ Permanently deleted 1 user(s)", deleted.Output, StringComparison.Ordinal);
        Assert.Equal("Nothing to delete.\n", (await blog.RunAsync("delete", "--where", "name LIKE 'o%'", "--yes")).Output);

        var refused = await blog.RunAsync("delete", "--where", "id IN (SELECT user_id FROM posts)", "--yes");
        Assert.Equal(2, refused.ExitCode);
        Assert.Contains("EXP1108", refused.Error, StringComparison.Ordinal);
        Assert.Equal("1", await ScalarAsync(blog, "SELECT count(*)::text FROM users"));
    }

    [Fact]
    public async Task Who_is_marked_is_deleted_when_the_grace_period_is_over_unless_unmarked()
    {
        using var blog = await CreateAsync();

        var marked = await blog.RunAsync("mark", "1", "2", "3", "--yes");
        Assert.Equal((1, "⚠️  user 3 not found\n✅ Marked 2 user(s) for deletion.\n"), (marked.ExitCode, marked.Output));
        Assert.Equal("Marked 0 user(s) for deletion; 1 were already.\n", (await blog.RunAsync("mark", "1", "--yes")).Output);
        Assert.Equal((0, "Nothing to delete.\n"), (await blog.RunAsync("delete", "--marked", "--yes")) is var early ? (early.ExitCode, early.Output) : default);

        await TestServer.ExecuteAsync(blog.ConnectionString, "UPDATE users SET since = now() - interval '25 hours'");
        Assert.Equal("✅ Unmarked 1 user(s) for deletion.\n", (await blog.RunAsync("unmark", "2", "--yes")).Output);
        Assert.Equal("true", await ScalarAsync(blog, "SELECT (is_active AND NOT gone AND since IS NULL)::text FROM users WHERE id = 2"));
        var deleted = await blog.RunAsync("delete", "--marked", "--yes", "--json");

        Assert.True(deleted.ExitCode == 0, deleted.ToString());
        Assert.Equal(["1"], JsonDocument.Parse(deleted.Output).RootElement.GetProperty("subjects").EnumerateArray().Select(s => s.GetString()));
        Assert.Equal("2", await ScalarAsync(blog, "SELECT string_agg(id::text, ',') FROM users"));
        Assert.Equal(2, (await blog.RunAsync("mark", "2")).ExitCode);
    }

    [Fact]
    public async Task One_user_is_explained_by_each_reference()
    {
        using var blog = await CreateAsync();

        var explained = await blog.RunAsync("delete", "--explain", "1");

        Assert.Equal(
            """
            table  column   rows  what happens  path
            users           1     delete        users
            likes  user_id  1     cascade       likes → users
            posts  user_id  2     cascade       posts → users
            0 more references have no row of user 1. Nothing was changed.

            """,
            explained.Output);
        Assert.Equal((1, "⚠️  user 9 not found\n"), (await blog.RunAsync("delete", "--explain", "9")) is var missing ? (missing.ExitCode, missing.Output) : default);
    }

    [Fact]
    public async Task More_than_the_policy_allows_or_without_an_index_is_refused_before_anybody_is_asked()
    {
        using var blog = await CreateAsync();
        await TestServer.ExecuteAsync(blog.ConnectionString, "INSERT INTO users (id) VALUES (3)");

        var many = await blog.RunAsync("delete", "1", "2", "3", "--yes");
        Assert.Equal(2, many.ExitCode);
        Assert.Contains("These are 3 user(s), and the policy allows 2 in one deletion.", many.Error, StringComparison.Ordinal);
        Assert.Contains("--allow-many", many.Error, StringComparison.Ordinal);
        var planned = await blog.RunAsync("delete", "1", "2", "3", "--dry-run");
        Assert.Equal(1, planned.ExitCode);
        Assert.Contains("❌ These are 3 user(s)", planned.Output, StringComparison.Ordinal);

        await TestServer.ExecuteAsync(blog.ConnectionString, "DO $$ DECLARE i text; BEGIN FOR i IN SELECT indexrelid::regclass FROM pg_index WHERE indrelid = 'posts'::regclass AND NOT indisprimary LOOP EXECUTE 'DROP INDEX ' || i; END LOOP; END $$");
        var unindexed = await blog.RunAsync("delete", "1", "--yes");
        Assert.Equal(1, unindexed.ExitCode);
        Assert.Contains("""expunge upgrade head  or  CREATE INDEX CONCURRENTLY ON "public"."posts" ("user_id");""", unindexed.Error, StringComparison.Ordinal);
        Assert.Equal(0, (await blog.RunAsync("upgrade", "head", "--yes")).ExitCode);
        Assert.Equal(0, (await blog.RunAsync("delete", "1", "2", "3", "--allow-many", "--yes")).ExitCode);
    }

    [Fact]
    public async Task The_same_command_again_goes_on_with_the_deletion_that_was_stopped()
    {
        using var blog = await CreateAsync();
        await TestServer.ExecuteAsync(blog.ConnectionString, "CREATE FUNCTION stop() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); RETURN OLD; END'; CREATE TRIGGER stop BEFORE DELETE ON likes FOR EACH ROW EXECUTE FUNCTION stop();");
        foreach (var way in new string[][] { ["1", "2"], ["--where", "id < 3"] })
        {
            var stopped = await blog.RunAsync(["delete", .. way, "--yes"]);
            Assert.True(stopped.ExitCode != 0, stopped.ToString());
        }

        Assert.Equal("running,running", await ScalarAsync(blog, "SELECT string_agg(state, ',') FROM expunge.deletion"));
        await TestServer.ExecuteAsync(blog.ConnectionString, "DROP TRIGGER stop ON likes");
        var first = await blog.RunAsync("delete", "02", "1", "--yes");
        var second = await blog.RunAsync("delete", "--where", "id < 3", "--yes");

        Assert.Contains("Deletion 1 of", first.Output, StringComparison.Ordinal);
        Assert.Contains("✅ Permanently deleted 2 user(s)", first.Output, StringComparison.Ordinal);
        // They are gone by the other one; nobody meets the condition any more.
        Assert.Contains("Deletion 2 of", second.Output, StringComparison.Ordinal);
        Assert.Contains("2 user(s) not found", second.Output, StringComparison.Ordinal);
        Assert.Equal("completed,completed", await ScalarAsync(blog, "SELECT string_agg(state, ',') FROM expunge.deletion"));
    }

    [Theory]
    [InlineData("delete", "1", "--where", "true")]
    [InlineData("delete", "--marked", "--explain", "1")]
    [InlineData("delete", "1", "--rate", "0")]
    [InlineData("delete", "1", "--max-lag", "soon")]
    [InlineData("delete", "1", "--max-lock-wait", "0s")]
    [InlineData("mark")]
    public async Task What_is_no_way_to_say_it_is_refused(params string[] args)
    {
        using var blog = await CreateAsync();
        var before = await blog.StateAsync();

        Assert.Equal(2, (await blog.RunAsync([.. args, "--yes"])).ExitCode);
        Assert.Equal(before, await blog.StateAsync());
    }

    [Fact]
    public async Task Keys_of_standard_input_are_deleted_with_yes_only()
    {
        using var blog = await CreateAsync();

        var asked = await ExpungeProcess.RunAsync(["delete", "--from-file", "-", "--database", blog.ConnectionString], stdin: "1\n", directory: blog.Policy.Folder);
        Assert.Equal(2, asked.ExitCode);
        Assert.Contains("standard input", asked.Error, StringComparison.Ordinal);
        var deleted = await ExpungeProcess.RunAsync(["delete", "--from-file", "-", "--rate", "1000", "--yes", "--database", blog.ConnectionString], stdin: "1\n", directory: blog.Policy.Folder);
        Assert.True(deleted.ExitCode == 0, deleted.ToString());
        Assert.Equal("2", await ScalarAsync(blog, "SELECT string_agg(id::text, ',') FROM users"));
    }

    private static async Task<BlogDatabase> CreateAsync()
    {
        var blog = await BlogDatabase.CreateAsync(Policy);
        await TestServer.ExecuteAsync(blog.ConnectionString, "ALTER TABLE users ADD is_active boolean DEFAULT true, ADD gone boolean, ADD since timestamptz");
        Assert.Equal(0, (await blog.RunAsync("upgrade", "--yes")).ExitCode);
        return blog;
    }

    private static async Task<string?> ScalarAsync(BlogDatabase blog, string sql)
    {
        await using var connection = await TestServer.OpenAsync(blog.ConnectionString);
        await using var command = new Npgsql.NpgsqlCommand(sql, connection);
        return await command.ExecuteScalarAsync(TestContext.Current.CancellationToken) as string;
    }
}
