using Expunge.Deletion;
using Expunge.Policy;
using Expunge.Tests.Revisions;
using Xunit;

namespace Expunge.Tests.Deletion;

/// <summary>A subject with too many rows for one transaction.</summary>
public sealed class WhaleTests
{
    // Deleting a row of users takes longer than the patience with one subject, as a million rows would: the whale is not what makes the test slow.
    private const string Slow =
        """
        CREATE TABLE ratings (user_id integer REFERENCES users, n integer);
        INSERT INTO posts (id, user_id) SELECT n, 1 FROM generate_series(10000, 12999) n;
        INSERT INTO comments (id, post_id) SELECT n, 10000 + n % 3000 FROM generate_series(100000, 111999) n;
        INSERT INTO ratings SELECT 1, n FROM generate_series(1, 5000) n;
        CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN IF (SELECT count(*) FROM public.comments) > 5000 THEN PERFORM pg_sleep(5); END IF; RETURN NULL; END';
        CREATE TRIGGER slow BEFORE DELETE ON users FOR EACH STATEMENT EXECUTE FUNCTION slow();
        """;

    private static readonly PolicyFile Policy = PolicyReader.Read("root: users\nreferences: { ratings.user_id: set null }", null);

    [Fact]
    public async Task It_is_deleted_in_chunks_and_counted_as_exactly_as_in_one_transaction()
    {
        await using var database = await CreateAsync();
        var before = await database.CountAsync();
        var (job, _) = await AskAsync(database);

        var committed = new HashSet<long>();

        var done = await DeletionRunner.RunAsync(database.Database, Policy, job.Id, new DeletionOptions { Target = TimeSpan.FromMilliseconds(5), Progress = new Told(p => committed.Add(p.Rows)) });

        Assert.Equal((DeletionState.Completed, 1L), (done.State, done.Subjects.Deleted));
        var after = await database.CountAsync();
        Assert.Equal(before.Where(b => b.Value > after[b.Key]).Select(b => (b.Key.Name, b.Value - after[b.Key])).Order(), done.Lines.Where(l => l.Deleted > 0).Select(l => (l.Table, l.Deleted)).Order());
        Assert.Equal(5000, Assert.Single(done.Lines, l => l.Table == "ratings").Updated);
        Assert.Equal(5000, await database.ScalarAsync<long>("SELECT count(*) FROM ratings WHERE user_id IS NULL"));
        // In as many transactions as there are tables at least, however fast the machine is.
        Assert.True(committed.Count > 3, $"{committed.Count}");
    }

    [Fact]
    public async Task What_blocks_it_is_found_before_the_first_chunk()
    {
        await using var database = await CreateAsync("CREATE TABLE invoices (id integer PRIMARY KEY, post_id integer REFERENCES posts); INSERT INTO invoices VALUES (1, 10500);");
        var policy = PolicyReader.Read("root: users\nreferences: { ratings.user_id: set null, invoices.post_id: { action: retain, reason: tax law } }", null);
        await database.UpgradeAsync(policy);
        var before = await database.CountAsync();
        var (job, _) = await Deletions.CreateAsync(database.Database, policy, new DeletionRequest { Ids = new[] { "1" }.ToAsyncEnumerable() });

        var failed = await DeletionRunner.RunAsync(database.Database, policy, job.Id, new DeletionOptions());

        Assert.Equal((DeletionState.Failed, 1L), (failed.State, failed.Subjects.Failed));
        Assert.Contains("tax law", Assert.Single(await Deletions.FailuresAsync(database.Database, job.Id)).Reason, StringComparison.Ordinal);
        var after = await database.CountAsync();
        Assert.All(before, b => Assert.Equal(b.Value, after[b.Key]));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Once_begun_it_is_finished_by_the_next_run_even_if_it_was_cancelled(bool isPaused)
    {
        await using var database = await CreateAsync();
        var (job, _) = await AskAsync(database);
        using var stop = new CancellationTokenSource();
        var run = DeletionRunner.RunAsync(database.Database, Policy, job.Id, new DeletionOptions { Target = TimeSpan.FromMilliseconds(1) }, stop.Token);
        while (await database.ScalarAsync<long>("SELECT count(*) FROM expunge.deletion_rows") == 0) await Task.Delay(5, TestContext.Current.CancellationToken);
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => run);
        Assert.Equal("finishing", await database.ScalarAsync<string>("SELECT state FROM expunge.deletion_subject"));
        if (isPaused) await Deletions.PauseAsync(database.Database, job.Id, cancellation: TestContext.Current.CancellationToken);

        var cancelled = await Deletions.CancelAsync(database.Database, job.Id, cancellation: TestContext.Current.CancellationToken);
        Assert.Equal(isPaused ? DeletionState.Pending : DeletionState.Running, cancelled.State);
        var done = await DeletionRunner.RunAsync(database.Database, Policy, job.Id, new DeletionOptions(), TestContext.Current.CancellationToken);

        Assert.Equal((DeletionState.Completed, 1L), (done.State, done.Subjects.Deleted));
        Assert.Equal(12_000 + 2, Assert.Single(done.Lines, l => l.Table == "comments").Deleted);
        Assert.Equal(0, await database.ScalarAsync<long>("SELECT count(*) FROM posts WHERE user_id = 1"));
    }

    [Fact]
    public async Task One_that_the_statistics_tell_of_is_never_tried_as_one_statement()
    {
        // The rows are at depth 2: the statistics know the posts, not the user.
        await using var database = await Blog.CreateAsync(
            """
            INSERT INTO comments (id, post_id) SELECT n, 11 FROM generate_series(1000, 26000) n;
            CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN IF (SELECT count(*) FROM public.comments) > 5000 THEN RAISE ''too many''; END IF; RETURN NULL; END';
            CREATE TRIGGER refuse BEFORE DELETE ON users FOR EACH STATEMENT EXECUTE FUNCTION refuse();
            ANALYZE;
            """);
        Assert.True((await database.UpgradeAsync(Blog.Policy)).Succeeded);
        var (job, _) = await Deletions.CreateAsync(database.Database, Blog.Policy, new DeletionRequest { Ids = new[] { "1", "2" }.ToAsyncEnumerable() });

        var done = await DeletionRunner.RunAsync(database.Database, Blog.Policy, job.Id, new DeletionOptions());

        Assert.Equal((DeletionState.Completed, 2L), (done.State, done.Subjects.Deleted));
        Assert.Equal(25_001 + 4, Assert.Single(done.Lines, l => l.Table == "comments").Deleted);
    }

    [Fact]
    public async Task Rows_that_lie_far_apart_are_deleted_place_by_place()
    {
        // Eight rows a page, and every other one is of another user; those stay.
        await using var database = await Blog.CreateAsync(
            """
            ALTER TABLE comments ADD body text;
            INSERT INTO comments (id, post_id, body) SELECT n, CASE WHEN n % 2 = 0 THEN 11 ELSE (SELECT min(id) FROM posts WHERE user_id = 3) END, repeat('x', 900) FROM generate_series(1001, 43000) n;
            CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN IF EXISTS (SELECT FROM public.comments WHERE post_id = 11) THEN RAISE ''too many''; END IF; RETURN NULL; END';
            CREATE TRIGGER refuse BEFORE DELETE ON users FOR EACH STATEMENT EXECUTE FUNCTION refuse();
            ANALYZE;
            """);
        Assert.True((await database.UpgradeAsync(Blog.Policy)).Succeeded);
        var before = await database.ScalarAsync<long>("SELECT count(*) FROM comments");
        var (job, _) = await Deletions.CreateAsync(database.Database, Blog.Policy, new DeletionRequest { Ids = new[] { "1" }.ToAsyncEnumerable() });

        var done = await DeletionRunner.RunAsync(database.Database, Blog.Policy, job.Id, new DeletionOptions { Target = TimeSpan.FromMilliseconds(20) });

        Assert.Equal((DeletionState.Completed, 1L), (done.State, done.Subjects.Deleted));
        Assert.Equal(before - await database.ScalarAsync<long>("SELECT count(*) FROM comments"), Assert.Single(done.Lines, l => l.Table == "comments").Deleted);
        Assert.Equal(21_000, await database.ScalarAsync<long>("SELECT count(*) FROM comments WHERE body IS NOT NULL"));
    }

    [Fact]
    public async Task One_that_is_unmarked_when_its_turn_comes_loses_no_row()
    {
        await using var database = await Blog.CreateAsync("ALTER TABLE users ADD is_tobe_deleted boolean NOT NULL DEFAULT false; INSERT INTO posts (id, user_id) SELECT n, 1 FROM generate_series(1000, 26000) n; ANALYZE;");
        var policy = PolicyReader.Read("root: users\ncolumns: { is_tobe_deleted: is_tobe_deleted }", null);
        Assert.True((await database.UpgradeAsync(policy)).Succeeded);
        var (job, _) = await Deletions.CreateAsync(database.Database, policy, new DeletionRequest { Ids = new[] { "1" }.ToAsyncEnumerable(), OnlyMarked = true });
        var before = await database.CountAsync();

        var done = await DeletionRunner.RunAsync(database.Database, policy, job.Id, new DeletionOptions());

        Assert.Equal((DeletionState.Completed, 1L), (done.State, done.Subjects.Unmarked));
        var after = await database.CountAsync();
        Assert.All(before, b => Assert.Equal(b.Value, after[b.Key]));
    }

    private static async Task<TestDatabase> CreateAsync(string more = "")
    {
        var database = await Blog.CreateAsync(Slow + more);
        if (more.Length == 0) Assert.True((await database.UpgradeAsync(Policy)).Succeeded);
        return database;
    }

    private static Task<(DeletionJob Job, bool IsNew)> AskAsync(TestDatabase database) =>
        Deletions.CreateAsync(database.Database, Policy, new DeletionRequest { Ids = new[] { "1" }.ToAsyncEnumerable() });
}
