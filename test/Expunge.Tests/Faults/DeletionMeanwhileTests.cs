using Expunge.Deletion;
using Expunge.Postgres;
using Expunge.Testing;
using Npgsql;
using Xunit;

namespace Expunge.Tests.Faults;

/// <summary>What other sessions, and the settings of the role, do to a deletion that runs.</summary>
public sealed class DeletionMeanwhileTests
{
    [Theory]
    [InlineData("statement_timeout = 1000")]
    [InlineData("lock_timeout = 1")]
    [InlineData("default_transaction_isolation = 'repeatable read'")]
    [InlineData("default_transaction_isolation = 'serializable'")]
    [InlineData("default_transaction_read_only = on")]
    [InlineData("row_security = off")]
    [InlineData("search_path = ''")]
    public async Task A_setting_of_the_database_changes_nothing(string setting)
    {
        // A statement that lasts longer than the application lets one last.
        await using var database = await FaultDatabase.CreateAsync("CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM pg_sleep(1.2); RETURN NULL; END'; CREATE TRIGGER slow AFTER DELETE ON users FOR EACH STATEMENT EXECUTE FUNCTION slow();", whale: true);
        var before = await database.Test.CountAsync();
        await database.AskAsync(1, 2, 3);
        await database.Test.ExecuteAsync($"DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET {setting.Replace("'", "''", StringComparison.Ordinal)}', current_database()); END $$");
        await using var by = new Database(new NpgsqlConnectionStringBuilder(database.Test.ConnectionString));

        var done = await database.RunAsync(by: by);

        Assert.Equal((DeletionState.Completed, 3L), (done.State, done.Subjects.Deleted));
        await using var plain = new TestDatabase(new NpgsqlConnectionStringBuilder(database.Test.ConnectionString) { Options = "-c statement_timeout=0 -c lock_timeout=0 -c search_path=public" }.ConnectionString);
        FaultDatabase.HasCounted(before, await plain.CountAsync(), done);
    }

    [Fact]
    public async Task A_deadlock_with_another_session_is_tried_again_and_counted_once()
    {
        // The other one has a post that the cascade needs, and then needs the user: one of the two is ended, and whoever it is, the deletion is done.
        await using var database = await FaultDatabase.CreateAsync();
        var before = await database.Test.CountAsync();
        await database.AskAsync(1, 2, 3);
        await using var other = await TestServer.OpenAsync(database.Test.ConnectionString);
        await using var transaction = await other.BeginTransactionAsync(TestContext.Current.CancellationToken);
        await other.ExecuteAsync("UPDATE posts SET id = id WHERE id = 21", TestContext.Current.CancellationToken);
        var run = database.RunAsync(new DeletionOptions { MaxLockWait = TimeSpan.FromSeconds(30) });
        await Eventually.TrueAsync(() => database.Test.ScalarAsync<bool>("SELECT EXISTS (SELECT FROM pg_stat_activity WHERE $1 = ANY (pg_blocking_pids(pid)))", other.ProcessID), "the deletion waits for the other", run);

        // With a patience of its own the other one is the last to look for a deadlock: the deletion is ended.
        await other.ExecuteAsync("SET LOCAL deadlock_timeout = '20s'", TestContext.Current.CancellationToken);
        var ended = await Record.ExceptionAsync(() => other.ExecuteAsync("UPDATE users SET name = 'other' WHERE id = 2", TestContext.Current.CancellationToken));
        if (ended is null) await transaction.CommitAsync(TestContext.Current.CancellationToken);
        else await transaction.RollbackAsync(TestContext.Current.CancellationToken);
        var done = await run;

        Assert.Equal((DeletionState.Completed, 3L), (done.State, done.Subjects.Deleted));
        FaultDatabase.HasCounted(before, await database.Test.CountAsync(), done);
        Assert.Equal([4, 5], await database.UsersAsync());
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Whose_rows_stay_locked_is_named_as_such_and_nothing_is_gone_and_later_it_is_retried(bool whale)
    {
        await using var database = await FaultDatabase.CreateAsync(whale: whale);
        var rows = await database.RowsOfAsync(2);
        var job = await database.AskAsync(1, 2, 3);
        await using (var other = await TestServer.OpenAsync(database.Test.ConnectionString))
        {
            await using var transaction = await other.BeginTransactionAsync(TestContext.Current.CancellationToken);
            await other.ExecuteAsync("SELECT FROM users WHERE id = 2 FOR SHARE", TestContext.Current.CancellationToken);

            var failed = await database.RunAsync(new DeletionOptions { MaxLockWait = TimeSpan.FromMilliseconds(50) });

            Assert.Equal((DeletionState.Failed, 2L, 1L), (failed.State, failed.Subjects.Deleted, failed.Subjects.Failed));
            Assert.StartsWith("The rows are locked by another transaction.", await database.OnlyFailureAsync(), StringComparison.Ordinal);
            Assert.Equal(rows, await database.RowsOfAsync(2));
        }

        await Deletions.RetryAsync(database.Database, job.Id, cancellation: TestContext.Current.CancellationToken);
        Assert.Equal((DeletionState.Completed, 3L), await database.RunAsync() is var done ? (done.State, done.Subjects.Deleted) : default);
    }

    [Fact]
    public async Task What_comes_to_block_a_whale_between_two_chunks_leaves_it_partially_deleted_which_is_said_and_can_be_finished_and_nothing_else()
    {
        await using var database = await FaultDatabase.CreateAsync(
            "CREATE TABLE invoices (id integer PRIMARY KEY, owner integer NOT NULL); CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF EXISTS (SELECT FROM public.invoices i WHERE i.owner = OLD.id) THEN RAISE 'there are invoices'; END IF; RETURN OLD; END $$; CREATE TRIGGER f BEFORE DELETE ON users FOR EACH ROW EXECUTE FUNCTION f();",
            whale: true);
        var job = await database.AskAsync(1, 2, 3);
        var invoiced = 0;

        var failed = await database.RunAsync(new DeletionOptions { Progress = new Told(p => { if (p.Rows > 500 && Interlocked.Exchange(ref invoiced, 1) == 0) database.Test.ExecuteAsync("INSERT INTO invoices VALUES (1, 2)").GetAwaiter().GetResult(); }) });

        Assert.Equal((DeletionState.Failed, 2L, 1L), (failed.State, failed.Subjects.Deleted, failed.Subjects.Failed));
        var said = await database.OnlyFailureAsync();
        Assert.StartsWith("Partially deleted: something came in between. ", said, StringComparison.Ordinal);
        Assert.Contains("there are invoices", said, StringComparison.Ordinal);
        Assert.Contains("Rows of comments are gone already.", said, StringComparison.Ordinal);
        Assert.Contains($"expunge deletions retry {job.Id}", said, StringComparison.Ordinal);
        Assert.Equal([2, 4, 5], await database.UsersAsync());

        // It is past the point of no return: not to be given up while it is to be finished.
        await Deletions.RetryAsync(database.Database, job.Id, cancellation: TestContext.Current.CancellationToken);
        Assert.Equal(DeletionState.Pending, (await Deletions.CancelAsync(database.Database, job.Id, cancellation: TestContext.Current.CancellationToken)).State);
        await database.Test.ExecuteAsync("DELETE FROM invoices");
        var done = await database.RunAsync();
        Assert.Equal((DeletionState.Completed, 3L), (done.State, done.Subjects.Deleted));
        Assert.Equal(FaultDatabase.WhaleRows + 18, Assert.Single(done.Lines, l => l.Table == "comments").Deleted);
        await database.IsGoneAsync(1, 2, 3);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_publication_of_a_table_without_replica_identity_fails_who_has_rows_there_before_anything_of_it_is_deleted(bool whale)
    {
        await using var database = await FaultDatabase.CreateAsync("ALTER TABLE comments REPLICA IDENTITY NOTHING; CREATE PUBLICATION p FOR TABLE comments;", whale);
        await database.Test.ExecuteAsync("ALTER TABLE comments DISABLE TRIGGER USER; INSERT INTO users VALUES (6, 'no comments')");
        var rows = await database.RowsOfAsync(2);
        await database.AskAsync(2, 6);

        var failed = await database.RunAsync();

        Assert.Equal((DeletionState.Failed, 1L, 1L), (failed.State, failed.Subjects.Deleted, failed.Subjects.Failed));
        Assert.Contains("replica identity", await database.OnlyFailureAsync(), StringComparison.Ordinal);
        Assert.DoesNotContain("Partially", await database.OnlyFailureAsync(), StringComparison.Ordinal);
        Assert.Equal(rows, await database.RowsOfAsync(2));
        await database.IsGoneAsync(6);
    }

    [Fact]
    public async Task Row_level_security_that_hides_rows_from_the_role_fails_everybody_and_deletes_nobody()
    {
        await using var database = await FaultDatabase.CreateAsync();
        var job = await database.AskAsync(1, 2);
        var before = await database.Test.CountAsync();
        await database.Test.ExecuteAsync(
            """
            DO $$ BEGIN CREATE ROLE fault_owner LOGIN PASSWORD 'secret'; EXCEPTION WHEN duplicate_object THEN END $$;
            GRANT USAGE, CREATE ON SCHEMA public, expunge TO fault_owner; GRANT ALL ON ALL TABLES IN SCHEMA public, expunge TO fault_owner;
            ALTER TABLE visits OWNER TO fault_owner; ALTER TABLE users OWNER TO fault_owner; ALTER TABLE posts OWNER TO fault_owner; ALTER TABLE comments OWNER TO fault_owner; ALTER TABLE likes OWNER TO fault_owner;
            ALTER TABLE visits ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY; CREATE POLICY mine ON visits USING (owner <> 2);
            """);
        await using var owner = new Database(new NpgsqlConnectionStringBuilder(database.Test.ConnectionString) { Username = "fault_owner", Password = "secret" });

        var failed = await database.RunAsync(by: owner);

        Assert.Equal((DeletionState.Failed, 2L), (failed.State, failed.Subjects.Failed));
        Assert.All(await Deletions.FailuresAsync(database.Database, job.Id), f => Assert.Contains("row-level security", f.Reason, StringComparison.Ordinal));
        var after = await database.Test.CountAsync();
        Assert.All(before.Where(b => b.Key.Schema == "public"), b => Assert.Equal(b.Value, after[b.Key]));
    }

    [Fact]
    public async Task Who_is_deleted_and_made_again_by_the_application_before_its_turn_goes_and_afterwards_never_again()
    {
        const string again = "DELETE FROM users WHERE id = 1; INSERT INTO users VALUES (1, 'again'); INSERT INTO posts VALUES (1001, 1);";
        await using var database = await FaultDatabase.CreateAsync("CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF OLD.id = 3 THEN RAISE 'not yet'; END IF; RETURN OLD; END $$; CREATE TRIGGER f BEFORE DELETE ON users FOR EACH ROW EXECUTE FUNCTION f();");
        var job = await database.AskAsync(1, 3);
        // It is the key that was asked for.
        await database.Test.ExecuteAsync(again);
        Assert.Equal((1L, 1L), await database.RunAsync() is var failed ? (failed.Subjects.Deleted, failed.Subjects.Failed) : default);
        await database.IsGoneAsync(1);

        await database.Test.ExecuteAsync(again);
        await Deletions.RetryAsync(database.Database, job.Id, cancellation: TestContext.Current.CancellationToken);
        await database.RunAsync();
        await database.Test.ExecuteAsync("DROP TRIGGER f ON users");
        await Deletions.RetryAsync(database.Database, job.Id, cancellation: TestContext.Current.CancellationToken);
        var done = await database.RunAsync();
        await database.RunAsync();

        Assert.Equal((DeletionState.Completed, 2L), (done.State, done.Subjects.Deleted));
        Assert.Equal([1, 2, 4, 5], await database.UsersAsync());
        Assert.Equal(1, await database.Test.ScalarAsync<long>("SELECT count(*) FROM posts WHERE owner = 1"));
    }

    [Fact]
    public async Task Of_two_who_start_the_same_deletion_one_works_and_the_other_says_so_and_changes_nothing()
    {
        await using var database = await FaultDatabase.CreateAsync(whale: true);
        await database.AskAsync(1, 2, 3);
        var refused = new List<ExpungeException>();
        await using var by = new Database(new NpgsqlConnectionStringBuilder(database.Test.ConnectionString));

        var done = await database.RunAsync(new DeletionOptions
        {
            Progress = new Told(_ =>
            {
                if (refused.Count > 0) return;
                var before = Recorded();
                refused.Add(Assert.ThrowsAsync<ExpungeException>(() => database.RunAsync(by: by)).GetAwaiter().GetResult());
                Assert.Equal(before, Recorded());
            }),
        });

        Assert.Equal(ErrorCodes.AnotherRun, Assert.Single(refused).Code);
        Assert.Equal((DeletionState.Completed, 3L), (done.State, done.Subjects.Deleted));
        Assert.Equal(FaultDatabase.WhaleRows + 18, Assert.Single(done.Lines, l => l.Table == "comments").Deleted);

        string Recorded() => database.Test.ScalarAsync<string>("SELECT (SELECT string_agg(d::text, ' ') FROM expunge.deletion d) || (SELECT string_agg(s::text, ' ' ORDER BY place) FROM expunge.deletion_subject s) || (SELECT coalesce(string_agg(r::text, ' ' ORDER BY place), '') FROM expunge.deletion_rows r)").GetAwaiter().GetResult();
    }

    [Fact]
    public async Task A_whale_is_paused_between_two_chunks_by_another_session_and_goes_on_when_it_is_resumed()
    {
        await using var database = await FaultDatabase.CreateAsync(whale: true);
        var job = await database.AskAsync(1, 2, 3);
        var asked = 0;

        var paused = await database.RunAsync(new DeletionOptions { Progress = new Told(p => { if (p.Rows > 500 && Interlocked.Exchange(ref asked, 1) == 0) Deletions.PauseAsync(database.Database, job.Id).GetAwaiter().GetResult(); }) });

        Assert.Equal(DeletionState.Paused, paused.State);
        Assert.Equal("finishing", await database.Test.ScalarAsync<string>("SELECT state FROM expunge.deletion_subject WHERE key = '2'"));
        Assert.True(await database.Test.ScalarAsync<long>("SELECT count(*) FROM comments WHERE owner = 2") is > 0 and < FaultDatabase.WhaleRows);
        var held = await database.Test.CountAsync();
        await database.RunAsync();
        Assert.Equal(held, await database.Test.CountAsync());
        await Deletions.ResumeAsync(database.Database, job.Id, cancellation: TestContext.Current.CancellationToken);
        var done = await database.RunAsync();
        Assert.Equal((DeletionState.Completed, 3L), (done.State, done.Subjects.Deleted));
        Assert.Equal(FaultDatabase.WhaleRows + 18, Assert.Single(done.Lines, l => l.Table == "comments").Deleted);
    }

    [Fact]
    public async Task A_deletion_that_is_cancelled_by_another_session_while_a_whale_is_begun_finishes_the_whale_and_leaves_the_others()
    {
        await using var database = await FaultDatabase.CreateAsync(whale: true);
        var job = await database.AskAsync(2, 3, 4);
        var asked = 0;

        var cancelled = await database.RunAsync(new DeletionOptions { Progress = new Told(p => { if (p.Rows > 500 && Interlocked.Exchange(ref asked, 1) == 0) Deletions.CancelAsync(database.Database, job.Id).GetAwaiter().GetResult(); }) });

        Assert.Equal((DeletionState.Cancelled, 1L, 2L), (cancelled.State, cancelled.Subjects.Deleted, cancelled.Subjects.Cancelled));
        Assert.Equal([1, 3, 4, 5], await database.UsersAsync());
        await database.IsGoneAsync(2);
    }

    [Fact]
    public async Task It_leaves_them_too_when_nobody_knew_of_the_whale_and_it_was_found_among_them()
    {
        // Without statistics it shows by a deletion that takes too long, alone among those of a batch that was refused.
        await using var database = await FaultDatabase.CreateAsync(
            $"INSERT INTO comments SELECT 10000 + n, 21, 2, 'text' FROM generate_series(1, {FaultDatabase.WhaleRows}) n;"
            + "CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF OLD.id = 5 THEN RAISE 'not this one'; END IF; IF OLD.id = 2 AND (SELECT count(*) FROM public.comments) > 5000 THEN PERFORM pg_sleep(10); END IF; RETURN OLD; END $$; CREATE TRIGGER f BEFORE DELETE ON users FOR EACH ROW EXECUTE FUNCTION f();");
        var job = await database.AskAsync(1, 2, 3, 4, 5);
        var asked = 0;

        var cancelled = await database.RunAsync(new DeletionOptions { Progress = new Told(p => { if (p.Rows > 500 && Interlocked.Exchange(ref asked, 1) == 0) Deletions.CancelAsync(database.Database, job.Id).GetAwaiter().GetResult(); }) });

        Assert.Equal((DeletionState.Cancelled, 2L, 3L), (cancelled.State, cancelled.Subjects.Deleted, cancelled.Subjects.Cancelled));
        Assert.Equal([3, 4, 5], await database.UsersAsync());
        await database.IsGoneAsync(1, 2);
    }
}
