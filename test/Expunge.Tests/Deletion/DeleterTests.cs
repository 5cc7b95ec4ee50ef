using Expunge.Embedded;
using Expunge.Deletion;
using Expunge.Policy;
using Expunge.Testing;
using Expunge.Tests.Revisions;
using Npgsql;
using Xunit;

namespace Expunge.Tests.Deletion;

public sealed class DeleterTests
{
    [Fact]
    public async Task A_retained_row_blocks_with_the_reason_of_the_policy()
    {
        await using var database = await Blog.CreateAsync();
        var policy = PolicyReader.Read("root: users\nreferences: { likes.user_id: { action: retain, reason: 'tax law, 10 years' } }", null);
        await database.UpgradeAsync(policy);
        var before = await database.CountAsync();

        var blocker = Assert.Single((await database.EstimateAsync(policy, "1")).Blockers);
        var refused = await Assert.ThrowsAsync<ExpungeException>(() => database.DeleteAsync(policy, "1"));

        Assert.Equal(("likes.user_id", 1L, "tax law, 10 years"), (blocker.Reference, blocker.Rows, blocker.Reason));
        Assert.Equal(ErrorCodes.DeletionBlocked, refused.Code);
        Assert.Contains("Rows of likes", refused.Message, StringComparison.Ordinal);
        Assert.Contains("tax law, 10 years", refused.Message, StringComparison.Ordinal);
        Assert.Equal(before, await database.CountAsync());
        await database.ExecuteAsync("DELETE FROM likes WHERE user_id = 1");
        Assert.Equal(["1"], (await database.DeleteAsync(policy, "1")).Deleted);
    }

    [Theory]
    [InlineData("CREATE FUNCTION keep() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'; CREATE TRIGGER keep BEFORE DELETE ON comments FOR EACH ROW EXECUTE FUNCTION keep();")]
    [InlineData("CREATE RULE keep AS ON DELETE TO comments DO INSTEAD NOTHING;", ErrorCodes.DeletionFailed)]
    [InlineData("CREATE TABLE old_comments () INHERITS (comments); INSERT INTO old_comments VALUES (999, 11, 'x');")]
    public async Task What_keeps_a_cascade_from_deleting_is_found_and_everything_is_rolled_back(string suppressor, string code = ErrorCodes.Residue)
    {
        await using var database = await Blog.CreateAsync(suppressor);
        await database.UpgradeAsync(Blog.Policy);
        var before = await database.CountAsync();

        var refused = await Assert.ThrowsAsync<ExpungeException>(() => database.DeleteAsync(Blog.Policy, "1"));

        Assert.Equal(code, refused.Code);
        if (code == ErrorCodes.Residue) Assert.Contains("comments.post_id", refused.Message, StringComparison.Ordinal);
        Assert.Equal(before, await database.CountAsync());
        Assert.Contains((await database.VerifyAsync(Blog.Policy)).Findings, f => f.Object == "comments.post_id" && f.Code == Expunge.Verification.FindingCodes.Suppressor);
    }

    [Fact]
    public async Task A_trigger_that_only_counts_does_no_harm()
    {
        await using var database = await Blog.CreateAsync(
            "CREATE TABLE deleted (n integer); CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN INSERT INTO public.deleted VALUES (OLD.id); RETURN OLD; END'; CREATE TRIGGER note BEFORE DELETE ON comments FOR EACH ROW EXECUTE FUNCTION note();");
        await database.UpgradeAsync(Blog.Policy);

        var result = await database.DeleteAsync(Blog.Policy, "1");

        Assert.Equal([("comments", 2L), ("likes", 1L), ("posts", 2L), ("users", 1L)], result.Lines.Select(l => (l.Table, l.Deleted)).Order());
        Assert.Equal(2, await database.ScalarAsync<long>("SELECT count(*) FROM deleted"));
        Assert.True(result.ResidualChecked > 0);
    }

    [Fact]
    public async Task A_role_whose_session_fires_no_constraints_is_refused()
    {
        await using var database = await Blog.CreateAsync();
        await database.UpgradeAsync(Blog.Policy);
        await using var unsafeRole = new TestDatabase(new NpgsqlConnectionStringBuilder(database.ConnectionString) { Options = "-c session_replication_role=replica" }.ConnectionString);

        var refused = await Assert.ThrowsAsync<ExpungeException>(() => unsafeRole.DeleteAsync(Blog.Policy, "1"));

        Assert.Equal(ErrorCodes.UnsafeSession, refused.Code);
        Assert.Equal(3, await database.ScalarAsync<long>("SELECT count(*) FROM users"));
    }

    [Fact]
    public async Task Without_track_counts_the_numbers_are_exact_all_the_same()
    {
        await using var database = await Blog.CreateAsync();
        await database.UpgradeAsync(Blog.Policy);
        await using var uncounted = new TestDatabase(new NpgsqlConnectionStringBuilder(database.ConnectionString) { Options = "-c track_counts=off" }.ConnectionString);

        var result = await uncounted.DeleteAsync(Blog.Policy, "1", "2");

        Assert.Contains("track_counts is off", result.Method, StringComparison.Ordinal);
        Assert.Equal([("comments", 4L), ("likes", 2L), ("posts", 4L), ("users", 2L)], result.Lines.Select(l => (l.Table, l.Deleted)).Order());
        Assert.Equal(1, await database.ScalarAsync<long>("SELECT count(*) FROM users"));
    }

    [Fact]
    public async Task A_row_that_is_written_while_the_deletion_waits_goes_too()
    {
        await using var database = await Blog.CreateAsync();
        await database.UpgradeAsync(Blog.Policy);
        await using var writer = await TestServer.OpenAsync(database.ConnectionString);
        await using var writing = await writer.BeginTransactionAsync();
        await using (var write = new NpgsqlCommand("INSERT INTO posts VALUES (99, 1); INSERT INTO comments VALUES (990, 99, 'late')", writer)) await write.ExecuteNonQueryAsync();

        var deletion = database.DeleteAsync(Blog.Policy, "1");
        while (await database.ScalarAsync<long>("SELECT count(*) FROM pg_locks WHERE NOT granted") == 0) await Task.Delay(10);
        await writing.CommitAsync();
        var result = await deletion;

        Assert.Equal([("comments", 3L), ("likes", 1L), ("posts", 3L), ("users", 1L)], result.Lines.Select(l => (l.Table, l.Deleted)).Order());
        Assert.Equal(0, await database.ScalarAsync<long>("SELECT count(*) FROM posts WHERE user_id = 1"));
    }

    [Fact]
    public async Task A_soft_reference_that_is_written_in_the_same_moment_is_reported_and_the_deletion_stays_done()
    {
        var (database, late) = await DeleteWhileAVisitIsWrittenAsync(async (database, policy) => await Assert.ThrowsAsync<ExpungeException>(() => database.DeleteAsync(policy, "1")));
        await using var _ = database;

        Assert.Equal(ErrorCodes.LateRows, late.Code);
        Assert.Contains("1 by visits.user_id", late.Message, StringComparison.Ordinal);
        Assert.Equal(0, await database.ScalarAsync<long>("SELECT count(*) FROM users WHERE id = 1"));
    }

    [Fact]
    public async Task A_recorded_deletion_takes_such_a_row_along_and_counts_it()
    {
        var (database, done) = await DeleteWhileAVisitIsWrittenAsync(async (database, policy) =>
        {
            var (job, isNew) = await Deletions.CreateAsync(database.Database, policy, new DeletionRequest { Ids = new[] { "1" }.ToAsyncEnumerable() });
            return await DeletionRunner.RunAsync(database.Database, policy, job.Id, new DeletionOptions());
        });
        await using var _ = database;

        Assert.Equal((DeletionState.Completed, 1L), (done.State, done.Subjects.Deleted));
        Assert.Equal(1, Assert.Single(done.Lines, l => l.Table == "visits").Deleted);
        Assert.Equal(0, await database.ScalarAsync<long>("SELECT count(*) FROM visits"));
    }

    private static async Task<(TestDatabase Database, T Result)> DeleteWhileAVisitIsWrittenAsync<T>(Func<TestDatabase, PolicyFile, Task<T>> delete)
    {
        var database = await Blog.CreateAsync(
            """
            CREATE TABLE visits (user_id integer);
            CREATE INDEX ON visits (user_id);
            CREATE FUNCTION pause() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM pg_advisory_xact_lock(1); RETURN NULL; END';
            CREATE TRIGGER pause AFTER DELETE ON users FOR EACH ROW EXECUTE FUNCTION pause();
            """);
        var policy = PolicyReader.Read("root: users\nsoft_references: { visits.user_id: delete }", null);
        await database.UpgradeAsync(policy);
        await using var holder = await TestServer.OpenAsync(database.ConnectionString);
        await using var writer = await TestServer.OpenAsync(database.ConnectionString);
        await using var writing = await writer.BeginTransactionAsync();
        await RunAsync(holder, "SELECT pg_advisory_lock(1)");
        await RunAsync(writer, "INSERT INTO visits VALUES (1)");

        // The writer gets its lock when the deletion commits, and commits itself before the last look gets its own.
        var deletion = delete(database, policy);
        await WaitersAsync(1);
        var locking = RunAsync(writer, "LOCK TABLE visits IN ACCESS EXCLUSIVE MODE");
        await WaitersAsync(2);
        await RunAsync(holder, "SELECT pg_advisory_unlock(1)");
        await locking;
        await writing.CommitAsync();
        return (database, await deletion);

        async Task WaitersAsync(int count)
        {
            while (await database.ScalarAsync<long>("SELECT count(*) FROM pg_locks WHERE NOT granted AND database = (SELECT oid FROM pg_database WHERE datname = current_database())") < count) await Task.Delay(10);
        }

        static async Task RunAsync(NpgsqlConnection connection, string sql)
        {
            await using var command = new NpgsqlCommand(sql, connection);
            await command.ExecuteNonQueryAsync();
        }
    }

    [Fact]
    public async Task A_connection_that_ends_at_the_commit_is_told_as_what_it_is_not_known()
    {
        // A commit that waits for a standby that does not exist is the moment.
        await using var server = await EmbeddedPostgres.StartAsync(new EmbeddedPostgresOptions { Settings = new Dictionary<string, string>(StringComparer.Ordinal) { ["synchronous_standby_names"] = "nosuch", ["synchronous_commit"] = "off" } });
        await TestServer.ExecuteAsync(server.ConnectionString, Blog.Schema);
        await using var database = new TestDatabase(server.ConnectionString);
        await database.UpgradeAsync(Blog.Policy);
        await using var waiting = new TestDatabase(new NpgsqlConnectionStringBuilder(server.ConnectionString) { Options = "-c synchronous_commit=on" }.ConnectionString);

        var deletion = waiting.DeleteAsync(Blog.Policy, "1");
        while (!deletion.IsCompleted && await database.ScalarAsync<long>("SELECT count(*) FROM (SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE wait_event = 'SyncRep') ended") == 0) await Task.Delay(20, TestContext.Current.CancellationToken);

        Assert.Equal(ErrorCodes.CommitUnknown, (await Assert.ThrowsAsync<ExpungeException>(() => deletion)).Code);
        Assert.Equal(2, await database.ScalarAsync<long>("SELECT count(*) FROM users"));
    }

    [Fact]
    public async Task A_row_that_loses_two_references_and_one_that_goes_after_losing_one_count_once()
    {
        // The order of the keys is cal.com's: two that are set to null before the one that cascades.
        await using var database = await Blog.CreateAsync(
            """
            CREATE TABLE members (id integer PRIMARY KEY, user_id integer NOT NULL);
            CREATE TABLE roles (id integer PRIMARY KEY, member_id integer NOT NULL REFERENCES members ON DELETE CASCADE, created_by integer REFERENCES users ON DELETE SET NULL, updated_by integer REFERENCES users ON DELETE SET NULL);
            ALTER TABLE members ADD FOREIGN KEY (user_id) REFERENCES users ON DELETE CASCADE;
            INSERT INTO members VALUES (1, 1), (2, 2);
            INSERT INTO roles VALUES (1, 1, 1, 1), (2, 2, 1, 1), (3, 2, 2, NULL);
            """);
        await database.UpgradeAsync(Blog.Policy);
        await Assert.ThrowsAsync<PostgresException>(() => database.ExecuteAsync("DELETE FROM users WHERE id = 1"));

        var estimate = await database.EstimateAsync(Blog.Policy, "1");
        var result = await database.DeleteAsync(Blog.Policy, "1");

        Assert.Equal((1L, 1L), result.Lines.Where(l => l.Table == "roles").Select(l => (l.Deleted, l.Updated)).Single());
        Assert.Equal(estimate.Lines, result.Lines);
        Assert.Equal(1, await database.ScalarAsync<long>("SELECT count(*) FROM roles WHERE id = 2 AND created_by IS NULL AND updated_by IS NULL"));
    }
}
