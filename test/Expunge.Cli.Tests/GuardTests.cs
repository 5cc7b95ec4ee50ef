using System.Text.Json;
using Expunge.Testing;
using Npgsql;
using Xunit;

namespace Expunge.Cli.Tests;

public sealed class GuardTests
{
    private const string Notes = "CREATE TABLE notes (user_id integer REFERENCES users)";

    [Fact]
    public async Task It_is_installed_after_a_yes_and_again_in_another_mode_and_removed()
    {
        using var blog = await UpgradedAsync();
        var before = await blog.StateAsync();
        var asked = await blog.RunAsync("guard", "install");
        Assert.Equal((2, ""), (asked.ExitCode, asked.Output));
        Assert.Contains("Install an event trigger in postgres@", asked.Error, StringComparison.Ordinal);
        Assert.Contains("[EXP1105]", asked.Error, StringComparison.Ordinal);
        await TestServer.ExecuteAsync(blog.ConnectionString, $"{Notes}; DROP TABLE notes");
        Assert.Equal(before, await blog.StateAsync());

        var warns = await blog.RunAsync("guard", "install", "--yes");
        Assert.Equal((0, ""), (warns.ExitCode, warns.Error));
        Assert.EndsWith("and warns where a foreign key is not so.\n", warns.Output, StringComparison.Ordinal);
        await TestServer.ExecuteAsync(blog.ConnectionString, $"{Notes}; DROP TABLE notes");

        var fails = await blog.RunAsync("guard", "install", "--mode", "enforce", "-y");
        Assert.EndsWith("and fails where a foreign key is not so.\n", fails.Output, StringComparison.Ordinal);
        Assert.Equal("EXP25", (await Assert.ThrowsAsync<PostgresException>(() => TestServer.ExecuteAsync(blog.ConnectionString, Notes))).SqlState);

        Assert.Equal(2, (await blog.RunAsync("guard", "remove")).ExitCode);
        Assert.Equal((0, "✅ The guard is removed.\n"), Done(await blog.RunAsync("guard", "remove", "--yes")));
        Assert.Equal((0, "There is no guard in this database.\n"), Done(await blog.RunAsync("guard", "remove", "--yes")));
        await TestServer.ExecuteAsync(blog.ConnectionString, Notes);
    }

    [Fact]
    public async Task What_sql_prints_does_it_and_printing_it_changes_nothing()
    {
        using var blog = await UpgradedAsync();
        var before = await blog.StateAsync();
        var printed = await blog.RunAsync("guard", "install", "--sql", "--mode", "enforce");
        Assert.Equal((0, ""), (printed.ExitCode, printed.Error));
        await TestServer.ExecuteAsync(blog.ConnectionString, $"{Notes}; DROP TABLE notes");
        Assert.Equal(before, await blog.StateAsync());

        await TestServer.ExecuteAsync(blog.ConnectionString, printed.Output);
        Assert.Equal("EXP25", (await Assert.ThrowsAsync<PostgresException>(() => TestServer.ExecuteAsync(blog.ConnectionString, Notes))).SqlState);
        Assert.Equal(printed.Output, (await JsonAsync(blog, 0, "install", "--sql", "--mode", "enforce")).GetProperty("sql").GetString());
    }

    [Fact]
    public async Task A_table_that_the_policy_can_not_name_yet_is_made_as_the_hint_says()
    {
        using var blog = await UpgradedAsync();
        Assert.Equal(0, (await blog.RunAsync("guard", "install", "--mode", "enforce", "--yes")).ExitCode);
        var refused = await Assert.ThrowsAsync<PostgresException>(() => TestServer.ExecuteAsync(blog.ConnectionString, Notes));
        var off = refused.Hint!.Split("Or decide otherwise:  ")[1].Split("  in this transaction")[0];
        await TestServer.ExecuteAsync(blog.ConnectionString, $"BEGIN; {off}; {Notes}; COMMIT");
        await File.WriteAllTextAsync(blog.Policy.Path, "root: users\nreferences:\n  notes.user_id: { action: retain, reason: tax law }\n", TestContext.Current.CancellationToken);
        Assert.Equal(0, (await blog.RunAsync("guard", "install", "--mode", "enforce", "--yes")).ExitCode);
        await TestServer.ExecuteAsync(blog.ConnectionString, "ALTER TABLE notes DROP CONSTRAINT notes_user_id_fkey, ADD FOREIGN KEY (user_id) REFERENCES users");
        Assert.Equal(0, (await blog.RunAsync("guard", "check")).ExitCode);
    }

    [Fact]
    public async Task The_check_of_a_database_is_the_errors_and_none_when_they_are_mended()
    {
        using var blog = await UpgradedAsync();
        Assert.Equal((0, "✅ All 2 references to public.users are as the policy says.\n"), Done(await blog.RunAsync("guard", "check")));
        await TestServer.ExecuteAsync(blog.ConnectionString, Notes);

        var found = await blog.RunAsync("guard", "check");
        Assert.Equal((1, ""), (found.ExitCode, found.Error));
        Assert.StartsWith("❌ EXP3001 notes.user_id: notes_user_id_fkey is ON DELETE NO ACTION, wanted is CASCADE\n   → ", found.Output, StringComparison.Ordinal);
        Assert.EndsWith("❌ 1 finding(s): a row of public.users could not be deleted, or not completely.\n", found.Output, StringComparison.Ordinal);
        var document = await JsonAsync(blog, 1, "check");
        Assert.Equal("EXP3001 notes.user_id", $"{document.GetProperty("findings")[0].GetProperty("code")} {document.GetProperty("findings")[0].GetProperty("object")}");

        await TestServer.ExecuteAsync(blog.ConnectionString, found.Output[found.Output.IndexOf("ALTER TABLE", StringComparison.Ordinal)..].Split('\n')[0]);
        Assert.Equal(0, (await blog.RunAsync("guard", "check")).ExitCode);
    }

    [Theory]
    [InlineData(0, "CREATE TABLE users (id integer PRIMARY KEY); CREATE TABLE posts (user_id integer REFERENCES users ON DELETE CASCADE)", "✅ All 1 references to public.users are as the policy says.\n")]
    [InlineData(1, "CREATE TABLE users (id integer PRIMARY KEY); CREATE TABLE posts (user_id integer REFERENCES users)", "❌ EXP3001 posts.user_id: ")]
    [InlineData(1, "CREATE TABLE users (id integer PRIMARY KEY); ALTER TABLE gone ADD user_id integer REFERENCES users", "❌ Not in the check, because it can't be executed here: ALTER TABLE gone ADD user_id integer REFERENCES users: relation \"gone\" does not exist\n❌ 1 statement(s) of the schema are not in the check, so it shows nothing.\n")]
    [InlineData(2, "-- nothing", "[EXP1111]")]
    [InlineData(2, "CREATE TABLE accounts (id integer PRIMARY KEY)", "does not exist in database schema.sql")]
    public async Task The_check_of_a_schema_file_needs_no_database(int exitCode, string schema, string says)
    {
        using var policy = new PolicyFileOnDisk("root: users\n");
        await File.WriteAllTextAsync(Path.Combine(policy.Folder, "schema.sql"), schema, TestContext.Current.CancellationToken);
        Task<ExpungeProcess.Result> Check(params string[] args) => ExpungeProcess.RunAsync(
            ["guard", "check", "--schema-file", "schema.sql", .. args], new Dictionary<string, string?>(StringComparer.Ordinal) { ["PGHOST"] = "127.0.0.1", ["PGPORT"] = "1" }, directory: policy.Folder);

        var result = await Check();
        Assert.Equal(exitCode, result.ExitCode);
        Assert.Contains(says, exitCode == 2 ? result.Error : result.Output, StringComparison.Ordinal);

        var json = await Check("--json");
        Assert.Equal(exitCode, json.ExitCode);
        using var document = JsonDocument.Parse(json.Output);
        Assert.Equal(exitCode == 0, document.RootElement.TryGetProperty("ok", out var ok) && ok.GetBoolean());
    }

    [Theory]
    [InlineData(0, "ON DELETE CASCADE", "✅ All 1 references to public.users are as the policy says.\n")]
    [InlineData(1, "", "❌ EXP3001 posts.user_id: posts_user_id_fkey is ON DELETE NO ACTION, wanted is CASCADE\n")]
    public async Task The_check_of_a_dump_needs_no_server_either(int exitCode, string action, string says)
    {
        using var policy = new PolicyFileOnDisk("root: users\n");
        await File.WriteAllTextAsync(
            Path.Combine(policy.Folder, "structure.sql"),
            $"""
            SELECT pg_catalog.set_config('search_path', '', false);
            CREATE TABLE public.users (id integer NOT NULL);
            CREATE TABLE public.posts (user_id integer);
            ALTER TABLE ONLY public.users ADD CONSTRAINT users_pkey PRIMARY KEY (id);
            ALTER TABLE ONLY public.posts ADD CONSTRAINT posts_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.users(id) {action};
            """,
            TestContext.Current.CancellationToken);

        var result = await ExpungeProcess.RunAsync(["guard", "check", "--schema-file", "structure.sql"], new Dictionary<string, string?>(StringComparer.Ordinal) { ["EXPUNGE_PG_BIN"] = "/nowhere" }, directory: policy.Folder);

        Assert.Equal((exitCode, ""), (result.ExitCode, result.Error));
        Assert.Contains(says, result.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("guard", "Run  expunge guard --help ")]
    [InlineData("guard install --mode strict", "Run  expunge guard install --help ")]
    [InlineData("guard check --yes", "Run  expunge guard check --help ")]
    public async Task Wrong_usage_leads_to_the_help_of_the_command(string args, string says)
    {
        var result = await ExpungeProcess.RunAsync(args.Split(' '));
        Assert.Equal(2, result.ExitCode);
        Assert.Contains(says, result.Error, StringComparison.Ordinal);
    }

    private static async Task<BlogDatabase> UpgradedAsync()
    {
        var blog = await BlogDatabase.CreateAsync();
        Assert.Equal(0, (await blog.RunAsync("upgrade", "--yes")).ExitCode);
        return blog;
    }

    private static (int ExitCode, string Output) Done(ExpungeProcess.Result result) => (result.ExitCode, result.Output + result.Error);

    private static async Task<JsonElement> JsonAsync(BlogDatabase blog, int exitCode, params string[] args)
    {
        var result = await blog.RunAsync(["guard", .. args, "--json"]);
        Assert.True(result.ExitCode == exitCode, result.ToString());
        using var document = JsonDocument.Parse(result.Output);
        return document.RootElement.Clone();
    }
}
