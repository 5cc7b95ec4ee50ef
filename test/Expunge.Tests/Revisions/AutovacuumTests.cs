using Expunge.Embedded;
using Expunge.Revisions;
using Xunit;

namespace Expunge.Tests.Revisions;

/// <summary>A real autovacuum on the child, as slow as on a big table: an ordinary one makes way for the swap, one against wraparound makes way for nobody.</summary>
public sealed class AutovacuumTests
{
    // A page each 0.1 to 0.4 s, so it would run for minutes. The rows that come here are no reason to begin.
    private const string Slow =
        """
        ALTER TABLE likes SET (autovacuum_vacuum_cost_delay = 100, autovacuum_vacuum_cost_limit = 1, autovacuum_vacuum_threshold = 50, autovacuum_vacuum_scale_factor = 0,
                               autovacuum_vacuum_insert_threshold = -1, autovacuum_analyze_threshold = 1000000);
        INSERT INTO likes SELECT 1, repeat('x', 100) FROM generate_series(1, 60000);
        CREATE INDEX ON posts (user_id); CREATE INDEX ON comments (post_id); CREATE INDEX ON likes (user_id);
        """;

    private const string Worker = "SELECT coalesce((SELECT pid FROM pg_stat_progress_vacuum WHERE relid = 'likes'::regclass), 0)";

    [Fact]
    public async Task An_autovacuum_makes_way_for_a_swap_that_waits_longer_than_deadlock_timeout()
    {
        await using var server = await StartAsync();
        await using var database = new TestDatabase(server.ConnectionString);
        await database.ExecuteAsync(Blog.Schema + Slow);
        await database.ExecuteAsync("DELETE FROM likes WHERE ctid IN (SELECT ctid FROM likes LIMIT 30000)");
        var worker = await WorkerAsync(database);

        // Impatient, it gets nowhere, however often it tries.
        var impatient = await Upgrade.ApplyAsync(database.Database, Blog.Policy, new UpgradeOptions { Locks = new LockOptions { LockTimeout = TimeSpan.FromSeconds(0.3), MaxWait = TimeSpan.FromSeconds(3) } });
        var failure = Assert.Single(impatient.Results, r => r.Failure is not null);
        Assert.Equal(("likes", ErrorCodes.LockNotAvailable), (failure.Step.Table.Name.Name, failure.Failure!.Code));
        Assert.Contains($"pid {worker} (autovacuum: VACUUM public.likes, active", failure.Failure.Message, StringComparison.Ordinal);
        Assert.Contains("--lock-timeout", failure.Failure.NextStep, StringComparison.Ordinal);
        Assert.Equal(worker, await database.ScalarAsync<int>(Worker));

        Assert.Equal(RevisionState.Applied, (await database.UpgradeAsync(Blog.Policy)).State);
        Assert.True((await database.VerifyAsync(Blog.Policy)).Ok);
        Assert.Contains("canceling autovacuum task", await File.ReadAllTextAsync(server.LogFile), StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_autovacuum_against_wraparound_is_named_and_left_alone_and_when_it_has_ended_the_next_upgrade_finishes()
    {
        // A short deadlock_timeout, so that a try outlasts it soon.
        await using var server = await StartAsync(("autovacuum_freeze_max_age", "100000"), ("deadlock_timeout", "100ms"));
        await using var database = new TestDatabase(server.ConnectionString);
        await database.ExecuteAsync(Blog.Schema + Slow);
        await AgeAsync(database);
        var worker = await WorkerAsync(database);

        var first = await Upgrade.ApplyAsync(database.Database, Blog.Policy, new UpgradeOptions { Locks = new LockOptions { LockTimeout = TimeSpan.FromSeconds(0.5), MaxWait = TimeSpan.FromSeconds(1) } });

        Assert.Equal(RevisionState.Incomplete, first.State);
        var failure = Assert.Single(first.Results, r => r.Failure is not null);
        Assert.Equal(("likes", ErrorCodes.LockNotAvailable), (failure.Step.Table.Name.Name, failure.Failure!.Code));
        Assert.Contains($"pid {worker} (autovacuum: VACUUM public.likes (to prevent wraparound), active", failure.Failure.Message, StringComparison.Ordinal);
        Assert.Contains("ends by itself", failure.Failure.NextStep, StringComparison.Ordinal);
        Assert.Equal(["likes"], (await database.VerifyAsync(Blog.Policy)).Lines.Where(l => !l.Ok).Select(l => l.Table));
        Assert.Equal(worker, await database.ScalarAsync<int>(Worker));

        await FinishAsync(database, worker);
        Assert.Equal(RevisionState.Applied, (await database.UpgradeAsync(Blog.Policy)).State);
        Assert.True((await database.VerifyAsync(Blog.Policy)).Ok);
    }

    [Fact]
    public async Task An_autovacuum_against_wraparound_is_named_also_where_an_index_or_a_validation_waits_for_it()
    {
        await using var server = await StartAsync(("autovacuum_freeze_max_age", "100000"), ("deadlock_timeout", "100ms"));
        await using var database = new TestDatabase(server.ConnectionString);
        await database.ExecuteAsync(Blog.Schema + Slow + "DROP INDEX likes_user_id_idx; ALTER TABLE likes DROP CONSTRAINT likes_user_id_fkey, ADD CONSTRAINT likes_user_id_fkey FOREIGN KEY (user_id) REFERENCES users ON DELETE CASCADE NOT VALID");
        await AgeAsync(database);
        var worker = await WorkerAsync(database);

        var failures = (await database.UpgradeAsync(Blog.Policy, maxWait: TimeSpan.FromSeconds(1))).Results.Where(r => r.Failure is not null).ToList();

        Assert.Equal(["index", "validate"], failures.Select(f => f.Step.Phase).Order());
        Assert.All(failures, f =>
        {
            Assert.Equal(("likes", ErrorCodes.LockNotAvailable), (f.Step.Table.Name.Name, f.Failure!.Code));
            Assert.Contains($"pid {worker} (autovacuum: VACUUM public.likes (to prevent wraparound), active", f.Failure.Message, StringComparison.Ordinal);
            Assert.Contains("ends by itself", f.Failure.NextStep, StringComparison.Ordinal);
        });
        Assert.Equal(worker, await database.ScalarAsync<int>(Worker));
    }

    private static Task<EmbeddedPostgres> StartAsync(params (string Name, string Value)[] more) => EmbeddedPostgres.StartAsync(new EmbeddedPostgresOptions
    {
        Settings = new Dictionary<string, string>(StringComparer.Ordinal) { ["autovacuum_naptime"] = "1s", ["max_connections"] = "20" }.Concat(more.Select(m => KeyValuePair.Create(m.Name, m.Value))).ToDictionary(),
    });

    /// <summary>So many transactions that every table has to be frozen.</summary>
    private static async Task AgeAsync(TestDatabase database)
    {
        await database.ExecuteAsync("CREATE PROCEDURE age() LANGUAGE plpgsql AS $$ BEGIN FOR i IN 1..105000 LOOP PERFORM txid_current(); COMMIT; END LOOP; END $$");
        await database.ExecuteAsync("CALL age()");
    }

    private static async Task<int> WorkerAsync(TestDatabase database)
    {
        var worker = 0;
        await Eventually.TrueAsync(async () => (worker = await database.ScalarAsync<int>(Worker)) != 0, "an autovacuum works on likes");
        return worker;
    }

    /// <summary>The autovacuum gets through: the same work again, without the brake.</summary>
    private static async Task FinishAsync(TestDatabase database, int worker)
    {
        var release = database.ExecuteAsync("ALTER TABLE likes SET (autovacuum_vacuum_cost_delay = 0)");
        await Eventually.TrueAsync(() => database.ScalarAsync<bool>("SELECT EXISTS (SELECT FROM pg_locks WHERE relation = 'likes'::regclass AND NOT granted)"), "the change stands in the queue", release);
        await database.ExecuteAsync($"SELECT pg_terminate_backend({worker})");
        await release;
        await Eventually.TrueAsync(() => database.ScalarAsync<bool>("SELECT age(relfrozenxid) < 100000 FROM pg_class WHERE oid = 'likes'::regclass"), "the autovacuum has ended");
    }
}
