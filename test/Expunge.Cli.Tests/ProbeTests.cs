using System.Text.Json;
using Expunge.Testing;
using Npgsql;
using Xunit;

namespace Expunge.Cli.Tests;

public sealed class ProbeTests
{
    [Fact]
    public async Task Before_the_upgrade_it_refuses_and_after_it_every_reference_is_probed_and_nothing_stays()
    {
        using var blog = await BlogDatabase.CreateAsync();
        var refused = await blog.RunAsync("probe");
        Assert.Equal(1, refused.ExitCode);
        Assert.Contains("[EXP2101]", refused.Error, StringComparison.Ordinal);

        Assert.Equal(0, (await blog.RunAsync("upgrade", "--yes")).ExitCode);
        var before = await blog.StateAsync();
        var probed = await blog.RunAsync("probe");
        Assert.Equal((0, ""), (probed.ExitCode, probed.Error));
        Assert.Contains("✅  posts  user_id  CASCADE  1     gone\n", probed.Output, StringComparison.Ordinal);
        Assert.EndsWith("✅ 2 of 2 references probed: 6 rows made, 3 deleted with the test user, 3 of others untouched. Everything was rolled back.\n", probed.Output, StringComparison.Ordinal);
        Assert.Equal(before, await blog.StateAsync());
    }

    [Fact]
    public async Task What_could_not_be_probed_is_named_and_not_done_unless_it_is_taken_for_done()
    {
        using var blog = await UpgradedAsync("CREATE TYPE nothing AS ENUM (); CREATE TABLE odd (user_id integer REFERENCES users ON DELETE CASCADE, x nothing NOT NULL)");
        var result = await blog.RunAsync("probe");
        Assert.Equal(1, result.ExitCode);
        Assert.Contains("❔  odd    user_id  CASCADE  0     nothing is known of the type of x", result.Output, StringComparison.Ordinal);
        Assert.EndsWith("   → 1 could not be probed, for the reasons above; --allow-unprobed takes that for done\n", result.Output, StringComparison.Ordinal);
        Assert.Equal(0, (await blog.RunAsync("probe", "--allow-unprobed")).ExitCode);
    }

    [Fact]
    public async Task Without_a_test_user_nothing_was_probed_whatever_is_allowed()
    {
        using var blog = await UpgradedAsync("ALTER TABLE users ADD CONSTRAINT none CHECK (random() > 2) NOT VALID");
        var result = await blog.RunAsync("probe", "--allow-unprobed");
        Assert.Equal(1, result.ExitCode);
        Assert.EndsWith("❌ No test user could be made, so nothing was probed. Everything was rolled back.\n", result.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("BEFORE DELETE ON likes", "", "❌ The test user can't be deleted: After the deletion rows of the subject are left: 1 by likes.user_id. Everything was rolled back.\n   → expunge verify\n")]
    [InlineData("AFTER DELETE ON users", "DELETE FROM posts;", "❌ 0 of 2 references did not do what the policy says, and rows were lost that are not the test user's. Everything was rolled back.\n")]
    public async Task What_a_trigger_does_to_the_deletion_is_seen(string when, string does, string says)
    {
        using var blog = await UpgradedAsync($"CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {does} RETURN NULL; END $$; CREATE TRIGGER f {when} FOR EACH ROW EXECUTE FUNCTION f()");
        var before = await blog.StateAsync();
        var result = await blog.RunAsync("probe", "--allow-unprobed");
        Assert.Equal(1, result.ExitCode);
        Assert.EndsWith(says, result.Output, StringComparison.Ordinal);
        Assert.Equal(before, await blog.StateAsync());
    }

    [Fact]
    public async Task As_json_it_is_one_document()
    {
        using var blog = await UpgradedAsync("CREATE TABLE notes (id serial PRIMARY KEY, user_id integer REFERENCES users ON DELETE SET NULL)");
        using var document = JsonDocument.Parse((await blog.RunAsync("probe", "--json")).Output);
        var root = document.RootElement;
        Assert.Equal(["root", "lines", "rows", "deleted", "others", "lost", "refusal", "sequences", "ok", "complete"], root.EnumerateObject().Select(p => p.Name));
        Assert.Equal("public.users", root.GetProperty("root").GetString());
        Assert.Equal(["users null delete 1 proved gone", "likes users CASCADE 1 proved gone", "notes users SET NULL 1 proved stays, and refers to nobody", "posts users CASCADE 1 proved gone"], root.GetProperty("lines").EnumerateArray().Select(Line));
        Assert.Equal("notes_id_seq", root.GetProperty("sequences")[0].GetString());
        Assert.True(root.GetProperty("ok").GetBoolean() && root.GetProperty("complete").GetBoolean());

        static string Line(JsonElement line) =>
            $"{line.GetProperty("table")} {(line.GetProperty("references").GetString() ?? "null")} {line.GetProperty("action")} {line.GetProperty("rows")} {line.GetProperty("state")} {line.GetProperty("outcome")}";
    }

    [Fact]
    public async Task Ctrl_C_in_the_middle_rolls_back_and_says_so()
    {
        using var blog = await UpgradedAsync(
            "CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql SET lock_timeout = 0 AS $$ BEGIN PERFORM pg_advisory_xact_lock(1); RETURN OLD; END $$; CREATE TRIGGER f BEFORE DELETE ON users FOR EACH ROW EXECUTE FUNCTION f()");
        var before = await blog.StateAsync();
        await using var holder = await TestServer.OpenAsync(blog.ConnectionString);
        await ScalarAsync<object?>(holder, "SELECT pg_advisory_lock(1)");

        using var run = ExpungeProcess.Start(["probe", "--database", blog.ConnectionString], directory: blog.Policy.Folder);
        while (!await ScalarAsync<bool>(holder, "SELECT EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND NOT granted AND database = (SELECT oid FROM pg_database WHERE datname = current_database()))"))
        {
            Assert.False(run.HasExited, "It ended without waiting.");
            await Task.Delay(50, TestContext.Current.CancellationToken);
        }

        run.Interrupt();
        var stopped = await run.WaitAsync();
        Assert.Equal((1, "", "\nStopped. Everything was rolled back.\n"), (stopped.ExitCode, stopped.Output, stopped.Error));
        Assert.Equal(before, await blog.StateAsync());
    }

    [Fact]
    public async Task Somebodys_lock_is_said_to_be_that_and_not_the_users_fault()
    {
        using var blog = await UpgradedAsync(
            "CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_advisory_xact_lock(1); RETURN OLD; END $$; CREATE TRIGGER f BEFORE DELETE ON users FOR EACH ROW EXECUTE FUNCTION f()");
        await using var holder = await TestServer.OpenAsync(blog.ConnectionString);
        await ScalarAsync<object?>(holder, "SELECT pg_advisory_lock(1)");
        var result = await blog.RunAsync("probe");
        Assert.Equal((1, ""), (result.ExitCode, result.Output));
        Assert.Contains("[EXP2002]", result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Triggers_that_reach_outside_are_refused_unless_they_may()
    {
        using var blog = await UpgradedAsync("CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF false THEN COPY users TO PROGRAM 'false'; END IF; RETURN NULL; END $$; CREATE TRIGGER f AFTER DELETE ON likes FOR EACH ROW EXECUTE FUNCTION f()");
        var refused = await blog.RunAsync("probe");
        Assert.Equal(1, refused.ExitCode);
        Assert.Contains("trigger f on public.likes", refused.Error, StringComparison.Ordinal);
        Assert.Contains("[EXP2510]", refused.Error, StringComparison.Ordinal);
        Assert.Equal(0, (await blog.RunAsync("probe", "--allow-outside")).ExitCode);
    }

    [Fact]
    public async Task A_wrong_password_is_no_connection()
    {
        using var blog = await BlogDatabase.CreateAsync();
        var result = await ExpungeProcess.RunAsync(["probe", "--root", "users", "--database", new NpgsqlConnectionStringBuilder(blog.ConnectionString) { Password = "wrong" }.ConnectionString]);
        Assert.Equal(2, result.ExitCode);
        Assert.Contains("[EXP1002]", result.Error, StringComparison.Ordinal);
    }

    private static async Task<BlogDatabase> UpgradedAsync(string sql)
    {
        var blog = await BlogDatabase.CreateAsync();
        await TestServer.ExecuteAsync(blog.ConnectionString, sql);
        Assert.Equal(0, (await blog.RunAsync("upgrade", "--yes")).ExitCode);
        return blog;
    }

    private static async Task<T> ScalarAsync<T>(NpgsqlConnection connection, string sql)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        return (T)(await command.ExecuteScalarAsync(TestContext.Current.CancellationToken))!;
    }
}
