using Expunge.Deletion;
using Expunge.Policy;
using Expunge.Tests.Revisions;
using Xunit;

namespace Expunge.Tests.Deletion;

/// <summary>Rows that move to another subject when theirs is deleted.</summary>
public sealed class ReassignTests
{
    private static readonly PolicyFile Policy = PolicyReader.Read("root: users\nreferences: { posts.user_id: { action: reassign, key: '03' } }", null);

    [Fact]
    public async Task The_rows_move_and_everything_that_hangs_on_them_stays()
    {
        await using var database = await CreateAsync(Policy);

        var estimate = await database.EstimateAsync(Policy, "1", "2");
        var result = await database.DeleteAsync(Policy, "1", "2");

        Assert.Empty(estimate.Blockers);
        Assert.Equal([("users", 2L, 0L), ("likes", 2, 0), ("posts", 0, 4)], result.Lines.Select(l => (l.Table, l.Deleted, l.Updated)));
        Assert.Equal(estimate.Lines, result.Lines);
        Assert.Equal((6L, 6L), (await database.ScalarAsync<long>("SELECT count(*) FROM posts WHERE user_id = 3"), await database.ScalarAsync<long>("SELECT count(*) FROM comments")));
    }

    [Fact]
    public async Task One_that_moves_and_goes_by_another_way_counts_as_deleted_only()
    {
        // Row 11 is by user 1 and was read by user 1; row 12 is by user 1 and was read by user 2.
        var policy = PolicyReader.Read("root: users\nreferences: { posts.user_id: { action: reassign, key: 3 }, posts.reader_id: cascade }", null);
        await using var database = await CreateAsync(policy, "ALTER TABLE posts ADD reader_id integer REFERENCES users; UPDATE posts SET reader_id = id - 10 WHERE id IN (11, 12);");

        var estimate = await database.EstimateAsync(policy, "1");
        var result = await database.DeleteAsync(policy, "1");

        Assert.Equal([("users", 1L, 0L), ("likes", 1, 0), ("posts", 1, 1), ("comments", 1, 0)], result.Lines.Select(l => (l.Table, l.Deleted, l.Updated)));
        Assert.Equal(estimate.Lines, result.Lines);
        Assert.Equal(3, await database.ScalarAsync<int>("SELECT user_id FROM posts WHERE id = 12"));
    }

    [Fact]
    public async Task Who_takes_them_must_exist_and_stays()
    {
        await using var database = await CreateAsync(Policy);

        var refused = await Assert.ThrowsAsync<ExpungeException>(() => database.EstimateAsync(Policy, "1", "3"));
        Assert.Equal(refused.Message, (await Assert.ThrowsAsync<ExpungeException>(() => database.DeleteAsync(Policy, "1", "3"))).Message);
        Assert.Equal("3 takes the rows of posts.user_id that the policy reassigns, and can't be deleted itself.", refused.Message);
        Assert.Equal(3, await database.ScalarAsync<long>("SELECT count(*) FROM users"));

        await database.ExecuteAsync("DELETE FROM likes WHERE user_id = 3; DELETE FROM comments USING posts p WHERE p.id = post_id AND p.user_id = 3; DELETE FROM posts WHERE user_id = 3; DELETE FROM users WHERE id = 3");
        refused = await Assert.ThrowsAsync<ExpungeException>(() => database.DeleteAsync(Policy, "1"));
        Assert.Equal((ErrorCodes.NoHeir, "The rows of posts.user_id are to be reassigned to 3, and public.users has no such row."), (refused.Code, refused.Message));
    }

    [Fact]
    public async Task In_a_deletion_of_many_only_the_one_that_takes_them_fails()
    {
        await using var database = await CreateAsync(Policy);
        var (job, _) = await Deletions.CreateAsync(database.Database, Policy, new DeletionRequest { Ids = new[] { "1", "2", "3" }.ToAsyncEnumerable() });

        var done = await DeletionRunner.RunAsync(database.Database, Policy, job.Id, new DeletionOptions());

        Assert.Equal((DeletionState.Failed, 2L, 1L), (done.State, done.Subjects.Deleted, done.Subjects.Failed));
        Assert.Equal("3", Assert.Single(await Deletions.FailuresAsync(database.Database, job.Id)).Key);
        Assert.Equal(4, Assert.Single(done.Lines, l => l.Table == "posts").Updated);
    }

    [Fact]
    public async Task Very_many_move_in_chunks()
    {
        await using var database = await CreateAsync(Policy, "INSERT INTO posts (id, user_id) SELECT n, 1 FROM generate_series(1000, 31000) n; ANALYZE;");
        var (job, _) = await Deletions.CreateAsync(database.Database, Policy, new DeletionRequest { Ids = new[] { "1" }.ToAsyncEnumerable() });

        var done = await DeletionRunner.RunAsync(database.Database, Policy, job.Id, new DeletionOptions());

        Assert.Equal(DeletionState.Completed, done.State);
        Assert.Equal([("users", 1L, 0L), ("likes", 1, 0), ("posts", 0, 30_003)], done.Lines.Select(l => (l.Table, l.Deleted, l.Updated)));
        Assert.True(await database.ScalarAsync<long>("SELECT count(DISTINCT xmin::text) FROM posts WHERE user_id = 3 AND id > 100") > 1);
    }

    [Theory]
    [InlineData("comments.post_id", "'comments.post_id' can't be reassigned: it does not lead to the key of users")]
    [InlineData("pairs.(a, b)", "'pairs.(a, b)' can't be reassigned: it does not lead to the key of users")]
    public async Task Only_what_leads_to_the_key_can_move(string reference, string message)
    {
        await using var database = await Blog.CreateAsync("ALTER TABLE users ADD UNIQUE (id, name); CREATE TABLE pairs (a integer, b text, FOREIGN KEY (a, b) REFERENCES users (id, name));");
        var policy = PolicyReader.Read($"root: users\nreferences: {{ \"{reference}\": {{ action: reassign, key: 3 }} }}", null);

        var refused = await Assert.ThrowsAsync<PolicyException>(() => database.VerifyAsync(policy));

        Assert.Contains(message, refused.Message, StringComparison.Ordinal);
    }

    private static async Task<TestDatabase> CreateAsync(PolicyFile policy, string more = "")
    {
        var database = await Blog.CreateAsync(more);
        Assert.True((await database.UpgradeAsync(policy)).Succeeded);
        return database;
    }
}
