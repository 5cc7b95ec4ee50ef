using System.Collections.Concurrent;
using Expunge.Deletion;
using Expunge.Postgres;
using Expunge.Testing;
using Expunge.Tests.Revisions;
using Xunit;

namespace Expunge.Tests.Faults;

/// <summary>A deletion waits for a standby that stays behind, says so, and goes on when it has caught up.</summary>
public sealed class LaggingStandbyTests(StreamingStandby standby) : IClassFixture<StreamingStandby>
{
    [Fact]
    public async Task A_deletion_waits_for_a_standby_that_stays_behind_and_goes_on_when_it_has_caught_up()
    {
        await using var database = await standby.BlogAsync();
        Assert.True((await database.UpgradeAsync(Blog.Policy)).Succeeded);
        await database.ExecuteAsync("INSERT INTO users SELECT n FROM generate_series(1000, 1199) n; INSERT INTO posts SELECT n, n FROM generate_series(1000, 1199) n");
        await standby.SameAsync(database);
        var (job, _) = await Deletions.CreateAsync(database.Database, Blog.Policy, new DeletionRequest { Ids = Enumerable.Range(1000, 200).Select(n => $"{n}").ToAsyncEnumerable() }, TestContext.Current.CancellationToken);
        var waits = new ConcurrentQueue<string>();
        Task<DeletionJob> run;
        await using (var reader = await TestServer.OpenAsync(standby.ConnectionStringOf(database.ConnectionString)))
        {
            // Replay of a lock that this one's conflicts with waits, and everything after it.
            await reader.ExecuteAsync("BEGIN", TestContext.Current.CancellationToken);
            await reader.ExecuteAsync("SELECT FROM likes", TestContext.Current.CancellationToken);
            await database.ExecuteAsync("BEGIN; LOCK TABLE likes IN ACCESS EXCLUSIVE MODE; SELECT pg_current_xact_id(); COMMIT");
            run = DeletionRunner.RunAsync(database.Database, Blog.Policy, job.Id, new DeletionOptions { MaxLag = TimeSpan.Zero, Progress = new Told(p => { if (p.Note is { } note) waits.Enqueue(note); }) }, TestContext.Current.CancellationToken);
            await Eventually.TrueAsync(() => waits.Count >= 3, "the deletion says that it waits", run);
            Assert.All(waits, w => Assert.StartsWith($"waits for standby {StreamingStandby.Name}, ", w, StringComparison.Ordinal));
            Assert.InRange((await Deletions.ReadAsync(database.Database, job.Id, TestContext.Current.CancellationToken)).Subjects.Pending, 1, 199);
        }

        Assert.Equal((DeletionState.Completed, 200L), await run is var done ? (done.State, done.Subjects.Deleted) : default);
    }
}
