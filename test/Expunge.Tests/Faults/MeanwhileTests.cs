using Expunge.Revisions;
using Expunge.Testing;
using Expunge.Tests.Revisions;
using Expunge.Verification;
using Npgsql;
using Xunit;

namespace Expunge.Tests.Faults;

/// <summary>Somebody migrates the schema while an upgrade runs: it names the table, does the others, does not claim to be complete, and the next run is.</summary>
public sealed class MeanwhileTests
{
    private const string Partitioned =
        """
        CREATE TABLE samples (id integer, user_id integer REFERENCES users) PARTITION BY LIST (id);
        CREATE TABLE samples_0 PARTITION OF samples FOR VALUES IN (0);
        CREATE INDEX ON samples (user_id);
        """;

    [Theory]
    [InlineData("index", "DROP TABLE likes", ErrorCodes.StepFailed)]
    [InlineData("swap", "DROP TABLE likes", ErrorCodes.StepFailed)]
    [InlineData("validate", "DROP TABLE likes", ErrorCodes.ConstraintChanged)]
    [InlineData("swap", "ALTER TABLE likes RENAME TO thumbs", ErrorCodes.StepFailed)]
    [InlineData("swap", "ALTER TABLE likes RENAME TO thumbs; CREATE TABLE likes (user_id integer REFERENCES users)", ErrorCodes.ConstraintChanged)]
    [InlineData("index", "ALTER TABLE likes RENAME user_id TO person", ErrorCodes.StepFailed)]
    [InlineData("swap", "ALTER TABLE likes RENAME user_id TO person", ErrorCodes.ConstraintChanged)]
    [InlineData("validate", "ALTER TABLE likes RENAME user_id TO person", ErrorCodes.ConstraintChanged)]
    [InlineData("swap", "ALTER TABLE likes DROP CONSTRAINT likes_user_id_fkey", ErrorCodes.ConstraintChanged)]
    [InlineData("swap", "ALTER TABLE likes RENAME CONSTRAINT likes_user_id_fkey TO mine", ErrorCodes.ConstraintChanged)]
    [InlineData("swap", "ALTER TABLE likes DROP CONSTRAINT likes_user_id_fkey, ADD CONSTRAINT likes_user_id_fkey FOREIGN KEY (user_id) REFERENCES users ON DELETE SET NULL", ErrorCodes.ConstraintChanged)]
    [InlineData("validate", "ALTER TABLE likes DROP CONSTRAINT likes_user_id_fkey, ADD CONSTRAINT likes_user_id_fkey FOREIGN KEY (user_id) REFERENCES users ON DELETE RESTRICT", ErrorCodes.ConstraintChanged)]
    public async Task A_table_that_somebody_changes_is_reported_by_name_the_others_are_fixed_and_the_next_run_is_complete(string phase, string change, string code)
    {
        await using var database = await Blog.CreateAsync();
        var hook = new Hook(StepStage.Started, s => s.Phase == phase && s.Table.Name.Name == "likes", () => database.ExecuteAsync(change));

        var first = await RunAsync(database, hook);

        Assert.True(hook.HasRun);
        Assert.Equal(RevisionState.Incomplete, first.State);
        var failures = first.Results.Where(r => r.Failure is not null).ToList();
        Assert.All(failures, r => Assert.Equal("likes", r.Step.Table.Name.Name));
        Assert.Contains(failures, r => r.Failure!.Code == code && (r.Failure.Message.Contains("likes", StringComparison.Ordinal) || r.Failure.Message.Contains("column \"user_id\"", StringComparison.Ordinal)));
        Assert.All((await database.VerifyAsync(Blog.Policy)).Lines.Where(l => l.Table is "posts" or "comments"), l => Assert.True(l.Ok));
        await IsCompletedAsync(database);
    }

    [Theory]
    [InlineData("index")]
    [InlineData("swap")]
    [InlineData("validate")]
    public async Task A_table_created_with_a_foreign_key_to_the_root_is_named_and_the_upgrade_is_not_called_complete(string phase)
    {
        await using var database = await Blog.CreateAsync();
        var hook = new Hook(StepStage.Started, s => s.Phase == phase, () => database.ExecuteAsync("CREATE TABLE orders (id integer PRIMARY KEY, user_id integer REFERENCES users)"));

        var first = await RunAsync(database, hook);

        Assert.Equal(RevisionState.Incomplete, first.State);
        Assert.All(first.Results, r => Assert.Null(r.Failure));
        var late = Assert.Single(first.Late);
        Assert.Equal("orders", late.Table.Name.Name);
        Assert.Contains("created or changed while the upgrade ran", late.Reason, StringComparison.Ordinal);
        Assert.Equal(["orders"], (await database.VerifyAsync(Blog.Policy)).Lines.Where(l => !l.Ok).Select(l => l.Table));
        await IsCompletedAsync(database);
        await database.DowngradeAsync();
        Assert.Contains("public.orders constraint orders_user_id_fkey: FOREIGN KEY (user_id) REFERENCES public.users(id) validated=t", await database.CatalogTextAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_column_that_the_policy_names_and_somebody_renames_is_told_with_the_policys_words()
    {
        await using var database = await Blog.CreateAsync("CREATE TABLE audit (id integer PRIMARY KEY, actor integer); CREATE INDEX ON audit (actor);");
        var policy = Expunge.Policy.PolicyReader.Read("root: users\nsoft_references: { audit.actor: delete }\n", null);
        var hook = new Hook(StepStage.Started, s => s.Phase == "validate", () => database.ExecuteAsync("ALTER TABLE audit RENAME actor TO person"));

        var first = await Upgrade.ApplyAsync(database.Database, policy, new UpgradeOptions { Progress = hook });

        Assert.Equal(RevisionState.Incomplete, first.State);
        Assert.Contains("actor", Assert.Single(first.Late).Reason, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("index", "CREATE TABLE samples_1 PARTITION OF samples FOR VALUES IN (1)")]
    [InlineData("swap", "CREATE TABLE samples_1 PARTITION OF samples FOR VALUES IN (1)")]
    [InlineData("validate", "CREATE TABLE samples_1 PARTITION OF samples FOR VALUES IN (1)")]
    [InlineData("validate", "CREATE TABLE samples_1 (id integer, user_id integer REFERENCES users); ALTER TABLE samples ATTACH PARTITION samples_1 FOR VALUES IN (1)")]
    [InlineData("index", "ALTER TABLE samples DETACH PARTITION samples_0")]
    [InlineData("swap", "DROP TABLE samples_0")]
    public async Task A_partition_that_comes_or_goes_is_as_the_policy_says_after_the_next_run_at_the_latest(string phase, string change)
    {
        await using var database = await Blog.CreateAsync(Partitioned);
        var hook = new Hook(StepStage.Started, s => s.Phase == phase, () => database.ExecuteAsync(change));

        var first = await RunAsync(database, hook);

        Assert.True(hook.HasRun);
        Assert.Equal(first.Succeeded, (await database.VerifyAsync(Blog.Policy)).Ok);
        await IsCompletedAsync(database);
        Assert.Empty(await TemporaryAsync(database));
    }

    [Fact]
    public async Task A_partition_attached_between_its_siblings_and_the_swap_is_named_and_the_next_run_takes_it_along()
    {
        Assert.SkipUnless(await TestServer.MajorVersionAsync() < 18, "From PostgreSQL 18 a partitioned table is swapped like any other; the test server of CI's other run is 15.");
        await using var database = await Blog.CreateAsync(Partitioned + "CREATE TABLE samples_1 (id integer, user_id integer REFERENCES users);");
        await using var reader = await TestServer.OpenAsync(database.ConnectionString);
        var reading = await reader.BeginTransactionAsync();
        await using (var read = new NpgsqlCommand("LOCK TABLE ONLY samples IN ACCESS SHARE MODE", reader)) await read.ExecuteNonQueryAsync();
        // The partitions are ready, and the parent's swap waits for the reader, who attaches another one.
        var hook = new Hook(StepStage.Waiting, s => s is PartitionedSwapStep, async () =>
        {
            await using (var attach = new NpgsqlCommand("ALTER TABLE samples ATTACH PARTITION samples_1 FOR VALUES IN (1)", reader)) await attach.ExecuteNonQueryAsync();
            await reading.CommitAsync();
        });

        var first = await RunAsync(database, hook);

        var failure = Assert.Single(first.Results, r => r.Failure is not null).Failure!;
        Assert.Equal(ErrorCodes.ConstraintChanged, failure.Code);
        Assert.Contains("partition public.samples_1 was created meanwhile", failure.Message, StringComparison.Ordinal);
        await IsCompletedAsync(database);
        Assert.Empty(await TemporaryAsync(database));
        await database.DowngradeAsync();
        Assert.DoesNotContain("CASCADE", await database.CatalogTextAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_partition_attached_while_those_of_its_siblings_are_built_gets_its_index_by_the_next_run_and_not_under_the_lock()
    {
        await using var database = await Blog.CreateAsync(Partitioned.Replace("CREATE INDEX ON samples (user_id);", "", StringComparison.Ordinal) + "CREATE TABLE samples_1 (id integer, user_id integer REFERENCES users);");
        var hook = new Hook(StepStage.Started, s => s is CreateIndexStep && s.Table.Name.Name == "samples", () => database.ExecuteAsync("ALTER TABLE samples ATTACH PARTITION samples_1 FOR VALUES IN (1)"));

        var first = await RunAsync(database, hook);

        Assert.True(hook.HasRun);
        var failure = Assert.Single(first.Results, r => r is { Failure: not null, Step: CreateIndexStep }).Failure!;
        Assert.Equal(ErrorCodes.ConstraintChanged, failure.Code);
        Assert.Contains("partition public.samples_1 was created meanwhile", failure.Message, StringComparison.Ordinal);
        await IsCompletedAsync(database);
        Assert.Contains("ix_samples_1_user_id", await database.CatalogTextAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_duplicate_whose_referenced_table_was_renamed_since_is_named_by_the_downgrade()
    {
        await using var database = new TestDatabase(await TestServer.EmptyAsync());
        await database.ExecuteAsync(
            """
            CREATE TABLE users (id integer PRIMARY KEY);
            CREATE TABLE likes (user_id integer CONSTRAINT likes_a REFERENCES users ON DELETE CASCADE CONSTRAINT likes_b REFERENCES users);
            CREATE INDEX ON likes (user_id);
            """);
        Assert.True((await database.UpgradeAsync(Blog.Policy)).Succeeded);
        await database.ExecuteAsync("ALTER TABLE users RENAME TO people");

        var refused = await Assert.ThrowsAsync<ExpungeException>(() => database.DowngradeAsync());

        Assert.Equal(ErrorCodes.ConstraintChanged, refused.Code);
        Assert.Contains("likes_b", refused.Message, StringComparison.Ordinal);
        Assert.Contains("public.users", refused.Message, StringComparison.Ordinal);
        await database.ExecuteAsync("ALTER TABLE people RENAME TO users");
        Assert.True((await database.DowngradeAsync()).Succeeded);
    }

    [Fact]
    public async Task A_table_dropped_while_a_downgrade_runs_is_named_and_the_next_downgrade_is_complete()
    {
        await using var database = await Blog.CreateAsync();
        await database.UpgradeAsync(Blog.Policy);
        var hook = new Hook(StepStage.Started, s => s is SwapStep && s.Table.Name.Name == "likes", () => database.ExecuteAsync("DROP TABLE likes"));

        var first = await Downgrade.RevertAsync(database.Database, (await Journal.RevisionsAsync(database.Database)).Single(), new UpgradeOptions { Progress = hook });

        Assert.Equal(RevisionState.Reverting, first.State);
        Assert.All(first.Results.Where(r => r.Failure is not null), r => Assert.Equal("likes", r.Step.Table.Name.Name));
        Assert.True((await database.DowngradeAsync()).Succeeded);
        Assert.DoesNotContain("CASCADE", await database.CatalogTextAsync(), StringComparison.Ordinal);
    }

    private static Task<RevisionOutcome> RunAsync(TestDatabase database, Hook hook) => Upgrade.ApplyAsync(database.Database, Blog.Policy, new UpgradeOptions { ValidateJobs = 1, Progress = hook });

    private static async Task IsCompletedAsync(TestDatabase database)
    {
        var next = await database.UpgradeAsync(Blog.Policy);
        Assert.True(next.Succeeded, string.Join('\n', next.Results.Select(r => r.Failure?.Message).Concat(next.Late.Select(l => l.Reason))));
        var report = await database.VerifyAsync(Blog.Policy);
        Assert.True(report.Ok, string.Join('\n', report.Findings));
        Assert.DoesNotContain(report.Findings, f => f.Code == FindingCodes.NotValidated);
    }

    private static async Task<List<string>> TemporaryAsync(TestDatabase database) => [.. (await database.CatalogAsync()).ForeignKeys.Select(f => f.Name).Where(n => n.StartsWith("expunge_tmp_", StringComparison.Ordinal))];
}
