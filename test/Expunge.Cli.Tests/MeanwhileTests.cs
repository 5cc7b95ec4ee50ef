using Expunge.Embedded;
using Expunge.Testing;
using Npgsql;
using Xunit;

namespace Expunge.Cli.Tests;

/// <summary>What the user of <c>upgrade</c> is told when something happens in the middle of it.</summary>
public sealed class MeanwhileTests
{
    private const string Schema =
        """
        CREATE TABLE users (id integer PRIMARY KEY);
        CREATE TABLE likes (user_id integer REFERENCES users);
        CREATE TABLE posts (id integer PRIMARY KEY, user_id integer REFERENCES users);
        CREATE INDEX ON posts (user_id);
        CREATE INDEX ON likes (user_id);
        """;

    [Fact]
    public async Task A_server_that_is_restarted_in_the_middle_is_told_in_two_lines_and_the_same_command_goes_on()
    {
        await using var server = await EmbeddedPostgres.StartAsync();
        await TestServer.ExecuteAsync(server.ConnectionString, Schema);
        // The test server commits asynchronously: a crash would take the tables along.
        await TestServer.ExecuteAsync(server.ConnectionString, "CHECKPOINT");

        var stopped = await WhileItWaitsAsync(server.ConnectionString, _ => server.RestartAsync(immediate: true));

        Assert.True(stopped.ExitCode == 1, stopped.ToString());
        var error = stopped.Error[stopped.Error.IndexOf('❌', StringComparison.Ordinal)..].Trim().Split('\n');
        Assert.StartsWith("❌ The connection to the server was lost on public.likes (likes_user_id_fkey on user_id: NO ACTION → CASCADE): ", error[0], StringComparison.Ordinal);
        Assert.Equal("   → What is done stays done. When the server is there, run the same command again; it goes on from there:  expunge upgrade head  [EXP2009]", Assert.Single(error[1..]));
        Assert.DoesNotContain("successfully", stopped.Output, StringComparison.Ordinal);
        var next = await ExpungeProcess.RunAsync(server.ConnectionString, "upgrade", "--yes", "--root", "users");
        Assert.True(next.ExitCode == 0, next.ToString());
    }

    [Fact]
    public async Task A_table_that_is_created_in_the_middle_is_named_and_the_exit_code_is_1_until_the_next_run_has_fixed_it()
    {
        var database = await TestServer.EmptyAsync();
        await TestServer.ExecuteAsync(database, Schema);

        var first = await WhileItWaitsAsync(database, async holder =>
        {
            await using var create = new NpgsqlCommand("CREATE TABLE orders (user_id integer REFERENCES users); COMMIT", holder);
            await create.ExecuteNonQueryAsync();
        });

        Assert.True(first.ExitCode == 1, first.ToString());
        Assert.Contains("  ✅ Fixed likes\n", first.Output, StringComparison.Ordinal);
        Assert.Contains("  ⚠️  Could not fix orders: it was created or changed while the upgrade ran: ", first.Output, StringComparison.Ordinal);
        Assert.Contains("⚠️  1 of 2 constraints could not be fixed\n", first.Output, StringComparison.Ordinal);
        var next = await ExpungeProcess.RunAsync(database, "upgrade", "--yes", "--root", "users");
        Assert.True(next.ExitCode == 0, next.ToString());
        Assert.Contains("✅ Fixed orders", next.Output, StringComparison.Ordinal);
    }

    /// <summary>Upgrades, and does something when it waits for a reader of likes.</summary>
    private static async Task<ExpungeProcess.Result> WhileItWaitsAsync(string database, Func<NpgsqlConnection, Task> what)
    {
        await using var holder = await TestServer.OpenAsync(database);
        await using (var hold = new NpgsqlCommand("BEGIN; LOCK TABLE likes IN ACCESS SHARE MODE", holder)) await hold.ExecuteNonQueryAsync();
        using var run = ExpungeProcess.Start(["upgrade", "--yes", "--root", "users", "--database", database]);
        await using var watcher = await TestServer.OpenAsync(database);
        await using var waits = new NpgsqlCommand("SELECT EXISTS (SELECT FROM pg_stat_activity WHERE $1 = ANY (pg_blocking_pids(pid)))", watcher) { Parameters = { new() { Value = holder.ProcessID } } };
        while (!run.HasExited && await waits.ExecuteScalarAsync() is false) { }
        await what(holder);
        return await run.WaitAsync();
    }
}
