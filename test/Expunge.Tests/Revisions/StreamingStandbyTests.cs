using System.Diagnostics;
using Expunge.Postgres;
using Expunge.Revisions;
using Expunge.Testing;
using Npgsql;
using Xunit;

namespace Expunge.Tests.Revisions;

/// <summary>The next swap waits until a streaming standby has replayed the one before, or is not further behind than it may be.</summary>
public sealed class StreamingStandbyTests(StreamingStandby standby) : IClassFixture<StreamingStandby>
{
    [Fact]
    public async Task A_standby_that_stays_behind_is_named_and_when_it_has_caught_up_the_next_upgrade_finishes()
    {
        await using var database = await standby.BlogAsync();
        var reports = new Reports();
        await using (var reader = await ReadAsync(database))
        {
            var first = await UpgradeAsync(database, maxLag: 0, maxWait: 1, reports);

            Assert.Equal(RevisionState.Incomplete, first.State);
            var swaps = first.Results.Where(r => r.Step is SwapStep).ToLookup(r => r.Failure is null);
            Assert.Single(swaps[true]);
            Assert.Equal(2, swaps[false].Count());
            Assert.All(swaps[false], r =>
            {
                Assert.Equal(ErrorCodes.LockNotAvailable, r.Failure!.Code);
                Assert.Matches(@"^waited 1 s for standby reporting, which is [\d.]+ s behind$", r.Failure.Message);
                Assert.Contains("--max-lag", r.Failure.NextStep, StringComparison.Ordinal);
            });
            Assert.Contains(reports.Waits, w => w.StartsWith($"standby {StreamingStandby.Name}, which is ", StringComparison.Ordinal));
            Assert.Equal(2, (await database.VerifyAsync(Blog.Policy)).Lines.Count(l => !l.Ok));
            Assert.Equal(0, await reader.ScalarAsync<int>("SELECT 0", TestContext.Current.CancellationToken));
        }

        Assert.Equal(RevisionState.Applied, (await UpgradeAsync(database, maxLag: 0, maxWait: 30)).State);
        Assert.True((await database.VerifyAsync(Blog.Policy)).Ok);
        await standby.SameAsync(database);
    }

    [Fact]
    public async Task When_the_standby_catches_up_during_the_wait_the_same_upgrade_finishes()
    {
        await using var database = await standby.BlogAsync();
        var reports = new Reports();
        Task<RevisionOutcome> upgrade;
        await using (await ReadAsync(database))
        {
            upgrade = UpgradeAsync(database, maxLag: 0, maxWait: 60, reports);
            await Eventually.TrueAsync(() => reports.Waits.Count >= 3, "the upgrade says that it waits", upgrade);
            Assert.All(reports.Waits, w => Assert.StartsWith($"standby {StreamingStandby.Name}, ", w, StringComparison.Ordinal));
            Assert.False(upgrade.IsCompleted);
        }

        Assert.Equal(RevisionState.Applied, (await upgrade).State);
        await standby.SameAsync(database);
    }

    [Fact]
    public async Task A_standby_that_keeps_up_delays_nothing()
    {
        await using var database = await standby.BlogAsync();
        var clock = Stopwatch.StartNew();

        // Not even when each swap has to be replayed before the next.
        Assert.Equal(RevisionState.Applied, (await UpgradeAsync(database, maxLag: 0, maxWait: 30)).State);

        Assert.True(clock.Elapsed < TimeSpan.FromSeconds(8), $"{clock.Elapsed.TotalSeconds:0.0} s");
        await standby.SameAsync(database);
    }

    [Fact]
    public async Task A_standby_may_be_behind_for_as_long_as_it_is_allowed_to()
    {
        await using var database = await standby.BlogAsync();
        var reports = new Reports();
        await using (await ReadAsync(database))
        {
            Assert.Equal(RevisionState.Applied, (await UpgradeAsync(database, maxLag: 3600, maxWait: 1, reports)).State);
            Assert.Empty(reports.Waits);
            await Eventually.TrueAsync(() => database.ScalarAsync<bool>("SELECT replay_lsn < pg_current_wal_flush_lsn() FROM pg_stat_replication"), "the standby is behind");
        }

        await standby.SameAsync(database);
    }

    [Fact]
    public async Task A_standby_that_has_replayed_all_is_not_behind_where_the_log_ends_with_a_page()
    {
        var cancellation = TestContext.Current.CancellationToken;
        await using var database = await standby.BlogAsync();
        await database.ExecuteAsync(
            """
            CREATE PROCEDURE fill_page() LANGUAGE plpgsql AS $$ BEGIN
                FOR i IN 1..20000 LOOP
                    EXIT WHEN (pg_current_wal_insert_lsn() - '0/0') % current_setting('wal_block_size')::int = 24;
                    UPDATE users SET name = i WHERE id = 1;
                    COMMIT;
                END LOOP;
            END $$
            """);
        await using var connection = await TestServer.OpenAsync(database.ConnectionString);
        await connection.ExecuteAsync("CALL fill_page()", cancellation);
        var standbys = new Standbys(TimeSpan.Zero);

        await standbys.WroteAsync(connection, cancellation);

        var clock = Stopwatch.StartNew();
        await standbys.WaitAsync(connection, TimeSpan.FromSeconds(5), _ => { }, cancellation);
        Assert.True(clock.Elapsed < TimeSpan.FromSeconds(5), $"{clock.Elapsed.TotalSeconds:0.0} s");
    }

    private static Task<RevisionOutcome> UpgradeAsync(TestDatabase database, double maxLag, double maxWait, Reports? reports = null) => Upgrade.ApplyAsync(
        database.Database, Blog.Policy,
        new UpgradeOptions { MaxLag = TimeSpan.FromSeconds(maxLag), Locks = new LockOptions { MaxWait = TimeSpan.FromSeconds(maxWait) }, Progress = reports }, TestContext.Current.CancellationToken);

    /// <summary>A transaction on the standby that has read the table which is swapped first, until it is disposed of.</summary>
    private async Task<NpgsqlConnection> ReadAsync(TestDatabase database)
    {
        var table = (await Upgrade.PlanAsync(database.Database, Blog.Policy)).Steps.OfType<SwapStep>().First().Table.Name;
        var reader = await TestServer.OpenAsync(standby.ConnectionStringOf(database.ConnectionString));
        await reader.ExecuteAsync("BEGIN", TestContext.Current.CancellationToken);
        await reader.ExecuteAsync($"SELECT FROM {table.Sql}", TestContext.Current.CancellationToken);
        return reader;
    }
}
