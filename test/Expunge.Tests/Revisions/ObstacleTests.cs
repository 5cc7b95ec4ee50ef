using Expunge.Embedded;
using Expunge.Revisions;
using Expunge.Testing;
using Npgsql;
using Xunit;

namespace Expunge.Tests.Revisions;

/// <summary>What stands in the way of one table is reported, the others go on, and the next run does the rest.</summary>
public sealed class ObstacleTests
{
    [Fact]
    public async Task Orphans_are_counted_and_when_they_are_gone_the_next_upgrade_finishes()
    {
        // As after a restore with disabled triggers.
        await using var database = await Blog.CreateAsync("SET session_replication_role = replica; INSERT INTO likes VALUES (98, 'x'), (99, 'x'), (99, 'y');");
        var before = await database.CatalogTextAsync();

        var first = await database.UpgradeAsync(Blog.Policy);
        Assert.Equal(RevisionState.Incomplete, first.State);
        var failure = Assert.Single(first.Results, r => r.Failure is not null);
        Assert.Equal(("likes", ErrorCodes.OrphanRows), (failure.Step.Table.Name.Name, failure.Failure!.Code));
        Assert.Contains("3 row(s) refer by user_id to a row of public.users that does not exist", failure.Failure.Message, StringComparison.Ordinal);
        Assert.Equal(["likes"], (await database.VerifyAsync(Blog.Policy)).Lines.Where(l => !l.Ok).Select(l => l.Table));

        // The command in the message shows them.
        var select = failure.Failure.NextStep[failure.Failure.NextStep.IndexOf("SELECT", StringComparison.Ordinal)..failure.Failure.NextStep.IndexOf("  then", StringComparison.Ordinal)];
        Assert.Equal(3, await database.ScalarAsync<long>($"SELECT count(*) FROM ({select}) orphans"));
        await database.ExecuteAsync("DELETE FROM likes WHERE user_id > 90");

        Assert.Equal(RevisionState.Applied, (await database.UpgradeAsync(Blog.Policy)).State);
        Assert.True((await database.VerifyAsync(Blog.Policy)).Ok);
        await database.DowngradeAsync();
        await database.CatalogIsAsync(before);
    }

    [Fact]
    public async Task A_table_of_another_owner_is_reported_with_what_its_owner_can_do_and_the_others_are_fixed()
    {
        var role = $"app_{Guid.NewGuid():N}"[..16];
        await using var database = await Blog.CreateAsync(
            $"CREATE ROLE {role} LOGIN PASSWORD 'secret'; ALTER TABLE users OWNER TO {role}; ALTER TABLE posts OWNER TO {role}; ALTER TABLE comments OWNER TO {role}; GRANT ALL ON likes TO {role}; GRANT CREATE ON SCHEMA public TO {role};"
            + $"DO $$ BEGIN EXECUTE format('GRANT CREATE ON DATABASE %I TO {role}', current_database()); END $$;");
        await using var app = new TestDatabase(new NpgsqlConnectionStringBuilder(database.ConnectionString) { Username = role, Password = "secret" }.ConnectionString);

        var outcome = await app.UpgradeAsync(Blog.Policy);

        Assert.Equal(RevisionState.Incomplete, outcome.State);
        var problem = Assert.Single(outcome.Plan.Problems.DistinctBy(p => p.Table.Oid));
        Assert.Equal("likes", problem.Table.Name.Name);
        Assert.Contains("postgres does", problem.Reason, StringComparison.Ordinal);
        Assert.Contains("GRANT", problem.NextStep, StringComparison.Ordinal);
        Assert.All(outcome.Results, r => Assert.Null(r.Failure));
        Assert.Equal(["likes"], (await database.VerifyAsync(Blog.Policy)).Lines.Where(l => !l.Ok).Select(l => l.Table));

        await database.ExecuteAsync($"ALTER TABLE likes OWNER TO {role}");
        Assert.Equal(RevisionState.Applied, (await app.UpgradeAsync(Blog.Policy)).State);
        await database.ExecuteAsync($"DROP OWNED BY {role} CASCADE");
        await TestServer.ExecuteAsync(database.ConnectionString, $"DROP ROLE {role}");
    }

    [Fact]
    public async Task A_long_reader_is_named_and_the_others_go_on_and_the_next_run_does_the_rest()
    {
        await using var database = await Blog.CreateAsync("CREATE INDEX ON posts (user_id); CREATE INDEX ON comments (post_id); CREATE INDEX ON likes (user_id);");
        await using var reader = await TestServer.OpenAsync(database.ConnectionString);
        await using var reading = await reader.BeginTransactionAsync();
        await using (var read = new NpgsqlCommand("SELECT count(*) FROM likes", reader)) await read.ExecuteScalarAsync();

        var first = await database.UpgradeAsync(Blog.Policy, maxWait: TimeSpan.FromSeconds(0.5));

        Assert.Equal(RevisionState.Incomplete, first.State);
        var failure = Assert.Single(first.Results, r => r.Failure is not null);
        Assert.Equal("likes", failure.Step.Table.Name.Name);
        Assert.Equal(ErrorCodes.LockNotAvailable, failure.Failure!.Code);
        Assert.Contains($"pid {reader.ProcessID}", failure.Failure.Message, StringComparison.Ordinal);
        Assert.Equal(["likes"], (await database.VerifyAsync(Blog.Policy)).Lines.Where(l => !l.Ok).Select(l => l.Table));

        await reading.RollbackAsync();
        Assert.Equal(RevisionState.Applied, (await database.UpgradeAsync(Blog.Policy)).State);
        Assert.True((await database.VerifyAsync(Blog.Policy)).Ok);
    }

    [Fact]
    public async Task An_index_that_waited_too_long_for_a_writer_names_it_and_is_built_anew_by_the_next_run()
    {
        await using var database = await Blog.CreateAsync("CREATE INDEX ON comments (post_id); CREATE INDEX ON likes (user_id);");
        await using var writer = await TestServer.OpenAsync(database.ConnectionString);
        await using var writing = await writer.BeginTransactionAsync();
        await using (var write = new NpgsqlCommand("INSERT INTO posts VALUES (99, 1)", writer)) await write.ExecuteNonQueryAsync();

        var first = await database.UpgradeAsync(Blog.Policy, maxWait: TimeSpan.FromSeconds(0.5));

        var failure = Assert.Single(first.Results, r => r is { Failure: not null, Step: CreateIndexStep }).Failure!;
        Assert.Equal(ErrorCodes.LockNotAvailable, failure.Code);
        Assert.Contains($"pid {writer.ProcessID}", failure.Message, StringComparison.Ordinal);
        Assert.Contains("ix_posts_user_id ON public.posts USING btree (user_id) valid=f", await database.CatalogTextAsync(), StringComparison.Ordinal);

        await writing.CommitAsync();
        Assert.Equal(RevisionState.Applied, (await database.UpgradeAsync(Blog.Policy)).State);
        Assert.Contains("ix_posts_user_id ON public.posts USING btree (user_id) valid=t", await database.CatalogTextAsync(), StringComparison.Ordinal);
        Assert.DoesNotContain("valid=f", await database.CatalogTextAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Who_an_index_waited_for_is_asked_of_PostgreSQLs_own_functions_not_of_one_that_somebody_put_into_public()
    {
        await using var database = await Blog.CreateAsync(
            "CREATE INDEX ON comments (post_id); CREATE INDEX ON likes (user_id);"
            + "CREATE FUNCTION public.format(text, integer, text, text, numeric) RETURNS text LANGUAGE sql AS $$ SELECT 'another function' $$;");
        await using var writer = await TestServer.OpenAsync(database.ConnectionString);
        await using var writing = await writer.BeginTransactionAsync();
        await using (var write = new NpgsqlCommand("INSERT INTO posts VALUES (99, 1)", writer)) await write.ExecuteNonQueryAsync();

        var first = await database.UpgradeAsync(Blog.Policy, maxWait: TimeSpan.FromSeconds(0.5));

        Assert.Contains($"pid {writer.ProcessID}", Assert.Single(first.Results, r => r is { Failure: not null, Step: CreateIndexStep }).Failure!.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_prepared_transaction_that_holds_a_table_is_named()
    {
        await using var server = await EmbeddedPostgres.StartAsync();
        await TestServer.ExecuteAsync(server.ConnectionString, "ALTER SYSTEM SET max_prepared_transactions = 5");
        await server.RestartAsync(immediate: false);
        await using var database = new TestDatabase(server.ConnectionString);
        await database.ExecuteAsync(Blog.Schema + "CREATE INDEX ON posts (user_id); CREATE INDEX ON comments (post_id);");
        await database.ExecuteAsync("BEGIN; DELETE FROM likes; PREPARE TRANSACTION 'payment 7'");

        var first = await database.UpgradeAsync(Blog.Policy, maxWait: TimeSpan.FromSeconds(0.5));

        var failures = first.Results.Where(r => r.Failure is not null && r.Step.Table.Name.Name == "likes").ToList();
        Assert.Equal(["index", "swap"], failures.Select(r => r.Step.Phase).Order());
        Assert.All(failures, r => Assert.Contains("prepared transaction 'payment 7' (", r.Failure!.Message, StringComparison.Ordinal));
        await database.ExecuteAsync("ROLLBACK PREPARED 'payment 7'");
        Assert.Equal(RevisionState.Applied, (await database.UpgradeAsync(Blog.Policy)).State);
    }

    [Fact]
    public async Task Of_two_upgrades_at_once_one_waits_and_both_end_in_the_same_state()
    {
        await using var database = await Blog.CreateAsync();
        await using var again = new TestDatabase(database.ConnectionString);

        var outcomes = await Task.WhenAll(database.UpgradeAsync(Blog.Policy), again.UpgradeAsync(Blog.Policy));

        Assert.All(outcomes, o => Assert.Equal(RevisionState.Applied, o.State));
        Assert.Single(outcomes, o => o.Results.Length > 0);
        Assert.True((await database.VerifyAsync(Blog.Policy)).Ok);
        Assert.Single(await Journal.RevisionsAsync(database.Database));
    }

    [Fact]
    public async Task Of_two_downgrades_at_once_one_waits_and_both_end_in_the_same_state()
    {
        await using var database = await Blog.CreateAsync();
        var before = await database.CatalogTextAsync();
        await database.UpgradeAsync(Blog.Policy);
        await using var again = new TestDatabase(database.ConnectionString);

        var outcomes = await Task.WhenAll(database.DowngradeAsync(), again.DowngradeAsync());

        Assert.All(outcomes, o => Assert.Equal(RevisionState.Reverted, o.State));
        Assert.Single(outcomes, o => o.Results.Length > 0);
        await database.CatalogIsAsync(before);
    }

    [Fact]
    public async Task A_run_that_finds_another_at_work_names_it_and_changes_nothing()
    {
        await using var database = await Blog.CreateAsync();
        await using var first = await database.Database.OpenMaintenanceAsync(TestContext.Current.CancellationToken);
        await using var second = await database.Database.OpenMaintenanceAsync(TestContext.Current.CancellationToken);
        await using (await RunLock.AcquireAsync(first, TestContext.Current.CancellationToken))
        {
            var refused = await Assert.ThrowsAsync<ExpungeException>(() => RunLock.AcquireAsync(second, TestContext.Current.CancellationToken, patience: TimeSpan.Zero));

            Assert.Equal(ErrorCodes.AnotherRun, refused.Code);
            Assert.Contains($"pid {first.ProcessID} (", refused.Message, StringComparison.Ordinal);
            Assert.Contains(", as postgres, since ", refused.Message, StringComparison.Ordinal);
            Assert.Contains("Nothing was changed", refused.NextStep, StringComparison.Ordinal);
        }

        await using var now = await RunLock.AcquireAsync(second, TestContext.Current.CancellationToken, patience: TimeSpan.Zero);
    }
}
