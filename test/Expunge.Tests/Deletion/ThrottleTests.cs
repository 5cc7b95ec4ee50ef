using System.Diagnostics;
using Expunge.Deletion;
using Expunge.Testing;
using Expunge.Tests.Revisions;
using Npgsql;
using Xunit;

namespace Expunge.Tests.Deletion;

/// <summary>A deletion that makes way for others. That of standbys is in <see cref="StreamingStandbyTests"/>.</summary>
public sealed class ThrottleTests
{
    [Fact]
    public async Task It_is_no_faster_than_its_rate()
    {
        await using var database = await CreateAsync();
        var clock = Stopwatch.StartNew();

        var done = await RunAsync(database, ["1", "2", "3"], new DeletionOptions { Rate = 18 });

        Assert.Equal((DeletionState.Completed, 18L), (done.State, done.TotalDeleted));
        // 18 rows at 18 a second.
        Assert.True(clock.Elapsed >= TimeSpan.FromSeconds(0.9), $"{clock.Elapsed}");
    }

    [Fact]
    public async Task A_long_transaction_elsewhere_is_named_when_a_whale_is_deleted()
    {
        await using var database = await CreateAsync("INSERT INTO posts (id, user_id) SELECT n, 1 FROM generate_series(1000, 26000) n; ANALYZE;");
        await using var other = await TestServer.OpenAsync(new NpgsqlConnectionStringBuilder(database.ConnectionString) { ApplicationName = "nightly report" }.ConnectionString);
        await using var open = await other.BeginTransactionAsync(System.Data.IsolationLevel.RepeatableRead);
        await using (var command = new NpgsqlCommand("SELECT count(*) FROM users", other)) await command.ExecuteScalarAsync();
        var notes = new List<string>();

        var done = await RunAsync(database, ["1"], new DeletionOptions { LongOpen = TimeSpan.Zero, Progress = new Told(p => { if (p.Note is { } note) notes.Add(note); }) });

        Assert.Equal(DeletionState.Completed, done.State);
        Assert.Contains("nightly report", Assert.Single(notes), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Who_is_locked_for_longer_than_it_may_wait_is_recorded_and_the_others_are_deleted()
    {
        await using var database = await CreateAsync();
        await using var other = await TestServer.OpenAsync(database.ConnectionString);
        await using var open = await other.BeginTransactionAsync();
        await using (var command = new NpgsqlCommand("SELECT FROM users WHERE id = 2 FOR UPDATE", other)) await command.ExecuteScalarAsync();

        var failed = await RunAsync(database, ["1", "2", "3"], new DeletionOptions { MaxLockWait = TimeSpan.FromMilliseconds(20) });

        Assert.Equal((DeletionState.Failed, 2L, 1L), (failed.State, failed.Subjects.Deleted, failed.Subjects.Failed));
        var failure = Assert.Single(await Deletions.FailuresAsync(database.Database, failed.Id));
        Assert.Equal("2", failure.Key);
        Assert.Contains(ErrorCodes.LockNotAvailable, failure.Reason, StringComparison.Ordinal);
    }

    private static async Task<TestDatabase> CreateAsync(string more = "")
    {
        var database = await Blog.CreateAsync(more);
        Assert.True((await database.UpgradeAsync(Blog.Policy)).Succeeded);
        return database;
    }

    private static async Task<DeletionJob> RunAsync(TestDatabase database, IEnumerable<string> ids, DeletionOptions options)
    {
        var (job, _) = await Deletions.CreateAsync(database.Database, Blog.Policy, new DeletionRequest { Ids = ids.ToAsyncEnumerable() });
        return await DeletionRunner.RunAsync(database.Database, Blog.Policy, job.Id, options);
    }
}
