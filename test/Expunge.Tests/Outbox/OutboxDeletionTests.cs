using Expunge.Deletion;
using Xunit;

namespace Expunge.Tests.Outbox;

/// <summary>Recorded deletions and the outbox: in batches and in chunks, interrupted or not, each value once.</summary>
public sealed class OutboxDeletionTests
{
    private const string Many =
        """
        ALTER TABLE posts ADD file text;
        INSERT INTO users (id) SELECT n FROM generate_series(1000, 1499) n;
        INSERT INTO posts (id, user_id, file) SELECT n, 1000 + n % 500, 'post ' || n FROM generate_series(10000, 11499) n;
        INSERT INTO comments (id, post_id, text) SELECT n, 10000 + n % 1500, 'comment ' || n FROM generate_series(100000, 102999) n;
        """;

    // As in WhaleTests: the user's own row takes too long while there are many comments.
    private const string Whale =
        """
        ALTER TABLE posts ADD file text;
        CREATE TABLE ratings (user_id integer REFERENCES users ON DELETE SET NULL, photo text);
        INSERT INTO posts (id, user_id, file) SELECT n, 1, 'post ' || n FROM generate_series(10000, 12999) n;
        INSERT INTO comments (id, post_id, text) SELECT n, 10000 + n % 3000, 'comment ' || n FROM generate_series(100000, 111999) n;
        INSERT INTO ratings SELECT 1, 'rating ' || n FROM generate_series(1, 3000) n;
        CREATE TABLE stickers (post_id integer REFERENCES posts, image text);
        INSERT INTO stickers SELECT 10000 + n, 'sticker ' || n FROM generate_series(1, 500) n;
        CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN IF (SELECT count(*) FROM public.comments) > 5000 THEN PERFORM pg_sleep(5); END IF; RETURN NULL; END';
        CREATE TRIGGER slow BEFORE DELETE ON users FOR EACH STATEMENT EXECUTE FUNCTION slow();
        """;

    [Fact]
    public async Task A_deletion_that_is_stopped_again_and_again_has_captured_every_value_once_and_says_which_deletion_it_was()
    {
        await using var database = await OutboxDatabase.CreateAsync("posts.file, comments.text", Many);
        var job = await AskAsync(database, Enumerable.Range(1000, 500));
        var random = new Random(3);
        for (var run = 0; run < 5; run++)
        {
            using var stop = new CancellationTokenSource(random.Next(50, 400));
            try
            {
                await DeletionRunner.RunAsync(database.Test.Database, database.Policy, job, new DeletionOptions { Target = TimeSpan.FromMilliseconds(20) }, stop.Token);
            }
            catch (Exception e) when (e is OperationCanceledException or ExpungeException { Code: ErrorCodes.CommitUnknown or ErrorCodes.CannotConnect })
            {
            }

            // What is gone is in the outbox, what is in the outbox is gone.
            Assert.Equal(1500, await database.Test.ScalarAsync<long>("SELECT (SELECT count(*) FROM posts WHERE id >= 10000)") + (await database.ValuesAsync()).Count(v => v.StartsWith("public.posts", StringComparison.Ordinal)));
        }

        var done = await DeletionRunner.RunAsync(database.Test.Database, database.Policy, job, new DeletionOptions(), TestContext.Current.CancellationToken);

        Assert.Equal((DeletionState.Completed, 500L), (done.State, done.Subjects.Deleted));
        Assert.Equal(Expected((10000, 1500, "public.posts.file post"), (100000, 3000, "public.comments.text comment")), await database.ValuesAsync());
        Assert.Equal(4500, await database.Test.ScalarAsync<long>("SELECT count(*) FROM expunge.outbox WHERE deletion_id = $1", job));
    }

    [Fact]
    public async Task The_values_of_a_user_who_is_deleted_in_chunks_are_captured_in_each_chunk_with_what_goes_along_with_its_rows()
    {
        await using var database = await OutboxDatabase.CreateAsync("posts.file, comments.text, stickers.image", Whale);
        await database.Test.ExecuteAsync("DELETE FROM comments WHERE id < 100000; UPDATE posts SET file = NULL WHERE id < 10000");
        var job = await AskAsync(database, [1]);

        var done = await DeletionRunner.RunAsync(database.Test.Database, database.Policy, job, new DeletionOptions { Target = TimeSpan.FromMilliseconds(5) }, TestContext.Current.CancellationToken);

        Assert.Equal((DeletionState.Completed, 1L), (done.State, done.Subjects.Deleted));
        Assert.Equal(Expected((10000, 3000, "public.posts.file post"), (100000, 12000, "public.comments.text comment"), (1, 500, "public.stickers.image sticker")), await database.ValuesAsync());
        Assert.True(await database.Test.ScalarAsync<long>("SELECT count(DISTINCT xmin::text) FROM expunge.outbox") > 2, "captured in several transactions");
        Assert.Equal(0, await database.Test.ScalarAsync<long>("SELECT count(*) FROM expunge.outbox WHERE deletion_id IS DISTINCT FROM $1", job));
        Assert.Equal(3000, await database.Test.ScalarAsync<long>("SELECT count(*) FROM ratings WHERE user_id IS NULL"));
    }

    [Fact]
    public async Task The_one_whose_values_can_not_be_captured_for_certain_fails_with_the_reason_and_the_others_are_deleted()
    {
        await using var database = await OutboxDatabase.CreateAsync(
            "likes.post",
            """
            INSERT INTO users (id) SELECT n FROM generate_series(1000, 1009) n;
            CREATE FUNCTION unlike() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN IF OLD.id = 1004 THEN DELETE FROM public.likes WHERE user_id = 2; END IF; RETURN OLD; END';
            CREATE TRIGGER unlike AFTER DELETE ON users FOR EACH ROW EXECUTE FUNCTION unlike();
            """);
        var job = await AskAsync(database, Enumerable.Range(1000, 10));

        var done = await DeletionRunner.RunAsync(database.Test.Database, database.Policy, job, new DeletionOptions(), TestContext.Current.CancellationToken);

        Assert.Equal((DeletionState.Failed, 9L, 1L), (done.State, done.Subjects.Deleted, done.Subjects.Failed));
        Assert.Contains("[EXP2401]", Assert.Single(await Deletions.FailuresAsync(database.Test.Database, job, cancellation: TestContext.Current.CancellationToken)).Reason, StringComparison.Ordinal);
        Assert.Equal(3, await database.Test.ScalarAsync<long>("SELECT count(*) FROM likes"));
    }

    private static IEnumerable<string> Expected(params (int First, int Count, string What)[] parts) =>
        parts.SelectMany(p => Enumerable.Range(p.First, p.Count).Select(n => $"{p.What} {n}")).Order(StringComparer.Ordinal);

    private static async Task<long> AskAsync(OutboxDatabase database, IEnumerable<int> ids) =>
        (await Deletions.CreateAsync(database.Test.Database, database.Policy, new DeletionRequest { Ids = ids.Select(n => $"{n}").ToAsyncEnumerable() })).Job.Id;
}
