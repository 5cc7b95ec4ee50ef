using Expunge.Deletion;
using Expunge.Policy;
using Expunge.Tests.Revisions;
using Xunit;

namespace Expunge.Tests.Deletion;

/// <summary>Deletions of many subjects: in batches, each subject once, exactly counted, whatever interrupts them.</summary>
public sealed class DeletionRunnerTests
{
    private const string Many =
        """
        INSERT INTO users (id) SELECT n FROM generate_series(1000, 1999) n;
        INSERT INTO posts (id, user_id) SELECT n, 1000 + n % 1000 FROM generate_series(10000, 12999) n;
        INSERT INTO comments (id, post_id) SELECT n, 10000 + n % 3000 FROM generate_series(100000, 105999) n;
        """;

    [Fact]
    public async Task Many_are_deleted_in_batches_and_counted_exactly_and_no_key_of_them_is_kept()
    {
        await using var database = await CreateAsync();
        var before = await database.CountAsync();
        var (job, isNew) = await AskAsync(database, Range(1000, 1000));
        var reports = new List<DeletionProgress>();

        var done = await RunAsync(database, job, new DeletionOptions { Progress = new Told(reports.Add) });

        Assert.True(isNew);
        Assert.Equal((DeletionState.Completed, 1000L, 0L), (done.State, done.Subjects.Deleted, done.Subjects.Pending));
        Assert.True(reports.Count > 3, $"{reports.Count} batches");
        Assert.Equal(new DeletionProgress(1000, 1000, 1000 + 3000 + 6000, null), reports[^1]);
        var after = await database.CountAsync();
        Assert.Equal(before.Where(b => b.Value > after[b.Key]).Select(b => (b.Key.Name, b.Value - after[b.Key])).Order(), done.Lines.Select(l => (l.Table, l.Deleted)).Order());
        Assert.Equal(1000 + 3000 + 6000, done.TotalDeleted);
        Assert.Equal(0, await database.ScalarAsync<long>("SELECT count(*) FROM expunge.deletion_subject WHERE key IS NOT NULL"));
    }

    [Fact]
    public async Task The_tables_of_an_older_version_come_up_to_date()
    {
        await using var database = await CreateAsync();
        await RunAsync(database, (await AskAsync(database, ["1000"])).Job);
        await database.ExecuteAsync("ALTER TABLE expunge.deletion DROP COLUMN counts");

        var done = await RunAsync(database, (await AskAsync(database, ["1001", "1000"])).Job);

        Assert.Equal(new SubjectCounts(0, 1, 1, 0, 0, 0), done.Subjects);
        Assert.Equal([done.Subjects, new SubjectCounts(0, 1, 0, 0, 0, 0)], (await Deletions.ListAsync(database.Database, cancellation: TestContext.Current.CancellationToken)).Select(j => j.Subjects));
    }

    [Fact]
    public async Task The_one_that_is_refused_is_named_with_the_reason_and_all_others_are_deleted()
    {
        await using var database = await CreateAsync(
            "CREATE FUNCTION keep() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN IF OLD.id = 1234 THEN RAISE ''not this one''; END IF; RETURN OLD; END'; CREATE TRIGGER keep BEFORE DELETE ON users FOR EACH ROW EXECUTE FUNCTION keep();");
        var (job, _) = await AskAsync(database, Range(1000, 500));

        var failed = await RunAsync(database, job);
        var failure = Assert.Single(await Deletions.FailuresAsync(database.Database, job.Id));

        Assert.Equal((DeletionState.Failed, 499L, 1L), (failed.State, failed.Subjects.Deleted, failed.Subjects.Failed));
        Assert.Equal("1234", failure.Key);
        Assert.Contains("not this one", failure.Reason, StringComparison.Ordinal);
        Assert.Equal([1234], await IdsAsync(database, 1000, 1499));

        await database.ExecuteAsync("DROP TRIGGER keep ON users");
        await Deletions.RetryAsync(database.Database, job.Id);
        Assert.Equal((DeletionState.Completed, 500L), (await RunAsync(database, job)) is var retried ? (retried.State, retried.Subjects.Deleted) : default);
    }

    [Fact]
    public async Task A_run_that_is_stopped_anywhere_is_gone_on_with_and_nothing_is_done_or_counted_twice()
    {
        await using var database = await CreateAsync();
        var before = await database.CountAsync();
        var (job, _) = await AskAsync(database, Range(1000, 1000));
        var random = new Random(7);
        for (var run = 0; run < 8; run++)
        {
            using var stop = new CancellationTokenSource();
            var batches = random.Next(1, 3);
            var options = new DeletionOptions { Target = TimeSpan.FromMilliseconds(20), Progress = new Told(_ => { if (--batches == 0) stop.CancelAfter(random.Next(0, 30)); }) };
            try
            {
                await DeletionRunner.RunAsync(database.Database, Blog.Policy, job.Id, options, stop.Token);
            }
            catch (OperationCanceledException)
            {
            }

            // Wholly there or wholly gone: the foreign keys see to the rest.
            var now = await Deletions.ReadAsync(database.Database, job.Id, TestContext.Current.CancellationToken);
            Assert.Equal(1000 - now.Subjects.Deleted, (await IdsAsync(database, 1000, 1999)).Count);
        }

        var done = await RunAsync(database, job);

        var after = await database.CountAsync();
        Assert.Equal((DeletionState.Completed, 1000L), (done.State, done.Subjects.Deleted));
        Assert.Equal(before.Where(b => b.Value > after[b.Key]).Select(b => (b.Key.Name, b.Value - after[b.Key])).Order(), done.Lines.Select(l => (l.Table, l.Deleted)).Order());
    }

    [Fact]
    public async Task A_paused_deletion_stops_and_goes_on_when_it_is_resumed()
    {
        await using var database = await CreateAsync();
        var (job, _) = await AskAsync(database, Range(1000, 1000));

        var paused = await RunAsync(database, job, new DeletionOptions { Progress = new Told(_ => Deletions.PauseAsync(database.Database, job.Id).Wait()) });
        Assert.Equal(DeletionState.Paused, paused.State);
        Assert.InRange(paused.Subjects.Deleted, 1, 999);
        Assert.Equal(paused.Subjects, (await RunAsync(database, job)).Subjects);

        await Deletions.ResumeAsync(database.Database, job.Id, cancellation: TestContext.Current.CancellationToken);
        Assert.Equal((DeletionState.Completed, 1000L), (await RunAsync(database, job)) is var done ? (done.State, done.Subjects.Deleted) : default);
        Assert.Equal(ErrorCodes.DeletionState, (await Assert.ThrowsAsync<ExpungeException>(() => Deletions.PauseAsync(database.Database, job.Id))).Code);
    }

    [Fact]
    public async Task A_cancelled_deletion_leaves_what_it_has_not_begun()
    {
        await using var database = await CreateAsync();
        var (job, _) = await AskAsync(database, Range(1000, 1000));

        var cancelled = await RunAsync(database, job, new DeletionOptions { Progress = new Told(_ => Deletions.CancelAsync(database.Database, job.Id).Wait()) });

        Assert.Equal(DeletionState.Cancelled, cancelled.State);
        Assert.Equal(1000 - cancelled.Subjects.Deleted, (await IdsAsync(database, 1000, 1999)).Count);
        Assert.Equal(cancelled.Subjects, (await RunAsync(database, job)).Subjects);
        Assert.Equal(0, await database.ScalarAsync<long>("SELECT count(*) FROM expunge.deletion_subject WHERE key IS NOT NULL"));
    }

    [Fact]
    public async Task The_same_subjects_asked_for_again_in_another_order_and_spelling_are_the_same_deletion_until_it_is_over()
    {
        await using var database = await CreateAsync();
        var (job, _) = await AskAsync(database, ["1000", "1001", "1001"]);
        Assert.Equal(2, job.Subjects.Total);

        Assert.Equal((job.Id, false), await AskAsync(database, ["01001", " 1000 "]) is var (same, isNew) ? (same.Id, isNew) : default);
        Assert.NotEqual(job.Id, (await AskAsync(database, ["1000"])).Job.Id);
        await RunAsync(database, job);
        Assert.NotEqual(job.Id, (await AskAsync(database, ["1000", "1001"])).Job.Id);
    }

    [Fact]
    public async Task An_idempotency_key_names_one_deletion_for_ever_and_of_these_subjects_only()
    {
        await using var database = await CreateAsync();
        var (job, _) = await AskAsync(database, ["1000"], "a key");
        await RunAsync(database, job);

        var (same, isNew) = await AskAsync(database, ["1000"], "a key");
        Assert.Equal((job.Id, false, DeletionState.Completed), (same.Id, isNew, same.State));
        Assert.Equal(ErrorCodes.IdempotencyKeyUsed, (await Assert.ThrowsAsync<ExpungeException>(() => AskAsync(database, ["1001"], "a key"))).Code);
    }

    [Fact]
    public async Task A_bad_line_is_named_and_nothing_is_recorded()
    {
        await using var database = await CreateAsync();
        var lines = Range(1000, 700).Append("seven").Concat(Range(1700, 300));

        var refused = await Assert.ThrowsAsync<ExpungeException>(() => Deletions.CreateAsync(database.Database, Blog.Policy, new DeletionRequest { Ids = lines.ToAsyncEnumerable(), AreLines = true }));

        Assert.Equal(ErrorCodes.BadId, refused.Code);
        Assert.StartsWith("Line 701: 'seven' is no key of public.users", refused.Message, StringComparison.Ordinal);
        Assert.Empty(await Deletions.ListAsync(database.Database, cancellation: TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Unknown_subjects_are_counted_and_the_others_deleted()
    {
        await using var database = await CreateAsync();

        var done = await RunAsync(database, (await AskAsync(database, ["1000", "424242"])).Job);

        Assert.Equal((DeletionState.Completed, 1L, 1L), (done.State, done.Subjects.Deleted, done.Subjects.NotFound));
    }

    [Fact]
    public async Task Who_is_unmarked_meanwhile_stays()
    {
        await using var database = await CreateAsync("ALTER TABLE users ADD is_tobe_deleted boolean NOT NULL DEFAULT true; UPDATE users SET is_tobe_deleted = false WHERE id = 1001;");
        var policy = PolicyReader.Read("root: users\ncolumns: { is_tobe_deleted: is_tobe_deleted }", null);
        var (job, _) = await Deletions.CreateAsync(database.Database, policy, new DeletionRequest { Ids = Range(1000, 3).ToAsyncEnumerable(), OnlyMarked = true });

        var done = await DeletionRunner.RunAsync(database.Database, policy, job.Id, new DeletionOptions());

        Assert.Equal((2L, 1L), (done.Subjects.Deleted, done.Subjects.Unmarked));
        Assert.Equal([1001], await IdsAsync(database, 1000, 1002));
    }

    [Fact]
    public async Task Two_processes_do_not_run_the_same_deletion()
    {
        await using var database = await CreateAsync();
        var (job, _) = await AskAsync(database, Range(1000, 1000));
        ExpungeException? refused = null;

        await RunAsync(database, job, new DeletionOptions { Progress = new Told(_ => refused ??= Assert.ThrowsAsync<ExpungeException>(() => RunAsync(database, job)).Result) });

        Assert.Equal(ErrorCodes.AnotherRun, refused!.Code);
    }

    private static async Task<TestDatabase> CreateAsync(string more = "")
    {
        var database = await Blog.CreateAsync(Many + more);
        Assert.True((await database.UpgradeAsync(Blog.Policy)).Succeeded);
        return database;
    }

    private static async Task<IReadOnlyList<int>> IdsAsync(TestDatabase database, int from, int to) =>
        await database.ScalarAsync<int[]>("SELECT coalesce(array_agg(id ORDER BY id), '{}') FROM users WHERE id BETWEEN $1 AND $2", from, to);

    private static IEnumerable<string> Range(int first, int count) => Enumerable.Range(first, count).Select(n => $"{n}");

    private static Task<(DeletionJob Job, bool IsNew)> AskAsync(TestDatabase database, IEnumerable<string> ids, string? key = null) =>
        Deletions.CreateAsync(database.Database, Blog.Policy, new DeletionRequest { Ids = ids.ToAsyncEnumerable(), IdempotencyKey = key });

    private static Task<DeletionJob> RunAsync(TestDatabase database, DeletionJob job, DeletionOptions? options = null) => DeletionRunner.RunAsync(database.Database, Blog.Policy, job.Id, options ?? new DeletionOptions());
}
