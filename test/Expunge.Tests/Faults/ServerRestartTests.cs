using Expunge.Embedded;
using Expunge.Postgres;
using Expunge.Revisions;
using Expunge.Testing;
using Xunit;

namespace Expunge.Tests.Faults;

/// <summary>The server is restarted, or crashes, in the middle: the run says so, and the next one finishes.</summary>
public sealed class ServerRestartTests
{
    [Fact]
    public async Task A_restart_before_a_step_of_any_phase_ends_the_run_with_its_table_and_the_next_one_finishes()
    {
        await using var server = await EmbeddedPostgres.StartAsync();
        foreach (var (phase, immediate) in new[] { ("index", true), ("swap", false), ("validate", true) })
        {
            await using var database = await CreateAsync(server, phase);
            var hook = new Hook(StepStage.Started, s => s.Phase == phase && s.Table.Name.Name == "posts", () => server.RestartAsync(immediate));

            var lost = await Assert.ThrowsAsync<ExpungeException>(() => Upgrade.ApplyAsync(database.Database, EveryStep.Policy, EveryStep.Options with { Progress = hook }));

            Assert.Equal(ErrorCodes.ConnectionLost, lost.Code);
            Assert.Contains("public.posts", lost.Message, StringComparison.Ordinal);
            await EveryStep.IsSafeAsync(database);
            await EveryStep.IsResumedAsync(database);
        }
    }

    [Fact]
    public async Task A_crash_while_an_index_is_built_and_one_while_a_swap_waits_leave_what_the_next_run_finishes()
    {
        await using var server = await EmbeddedPostgres.StartAsync();
        await using var database = await CreateAsync(server, "crash");

        // The build waits for a writer, the swap for a reader; not a SELECT, whose snapshot a build would wait for.
        foreach (var (holds, wait) in new[] { ("INSERT INTO posts VALUES (2, 1, 1)", "CREATE INDEX CONCURRENTLY%"), ("LOCK TABLE likes IN ACCESS SHARE MODE", "LOCK TABLE%") })
        {
            await using var holder = await TestServer.OpenAsync(database.ConnectionString);
            await using var transaction = await holder.BeginTransactionAsync();
            await holder.ExecuteAsync(holds, TestContext.Current.CancellationToken);
            var run = Upgrade.ApplyAsync(database.Database, EveryStep.Policy, EveryStep.Options);
            await using var watcher = await TestServer.OpenAsync(database.ConnectionString);
            while (!run.IsCompleted && !await watcher.ScalarAsync<bool>("SELECT EXISTS (SELECT FROM pg_stat_activity WHERE query LIKE $1 AND $2 = ANY (pg_blocking_pids(pid)))", TestContext.Current.CancellationToken, wait, holder.ProcessID)) { }

            await server.RestartAsync(immediate: true);

            Assert.Equal(ErrorCodes.ConnectionLost, (await Assert.ThrowsAsync<ExpungeException>(() => run)).Code);
            await EveryStep.IsSafeAsync(database);
        }

        await EveryStep.IsResumedAsync(database);
    }

    [Fact]
    public async Task A_server_that_runs_out_of_disk_in_a_step_ends_the_run_with_its_table_and_the_next_one_finishes()
    {
        await using var database = await EveryStep.CreateAsync();
        // 53100 disk_full: Npgsql closes the connection upon it.
        await database.ExecuteAsync(
            """
            CREATE FUNCTION full_disk() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'could not extend file' USING ERRCODE = '53100'; END $$;
            CREATE EVENT TRIGGER full_disk ON ddl_command_end WHEN TAG IN ('ALTER TABLE') EXECUTE FUNCTION full_disk();
            """);

        var lost = await Assert.ThrowsAsync<ExpungeException>(() => Upgrade.ApplyAsync(database.Database, EveryStep.Policy, EveryStep.Options));

        Assert.Equal(ErrorCodes.ConnectionLost, lost.Code);
        Assert.Contains("could not extend file (SQLSTATE 53100)", lost.Message, StringComparison.Ordinal);
        await EveryStep.IsSafeAsync(database);
        await database.ExecuteAsync("DROP EVENT TRIGGER full_disk");
        await EveryStep.IsResumedAsync(database);
    }

    private static async Task<TestDatabase> CreateAsync(EmbeddedPostgres server, string name)
    {
        await TestServer.ExecuteAsync(server.ConnectionString, $"CREATE DATABASE \"{name}\"");
        var database = new TestDatabase(server.ConnectionStringTo(name));
        await database.ExecuteAsync(EveryStep.Schema);
        // The test server commits asynchronously: a crash takes the last commits along, as a failover does. The tables are to be there.
        await database.ExecuteAsync("CHECKPOINT");
        return database;
    }
}
