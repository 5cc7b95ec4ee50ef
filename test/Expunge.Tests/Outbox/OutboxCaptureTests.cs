using Expunge.Testing;
using Expunge.Tests.Revisions;
using Npgsql;
using Xunit;

namespace Expunge.Tests.Outbox;

/// <summary>The outbox has exactly the external values of the rows that a deletion deleted, however it reaches them.</summary>
public sealed class OutboxCaptureTests
{
    [Fact]
    public async Task The_values_of_the_users_row_and_of_rows_one_and_two_references_away_are_captured_and_NULL_is_not()
    {
        await using var database = await CreateAsync(
            "users.avatar, posts.file, comments.text, comments.stars",
            """
            ALTER TABLE users ADD avatar text; UPDATE users SET avatar = id || '.png' WHERE id <> 3;
            ALTER TABLE posts ADD file text; UPDATE posts SET file = '/p/' || id WHERE id <> 12;
            ALTER TABLE comments ADD stars numeric[]; UPDATE comments SET stars = '{1,2.50}' WHERE id = 110;
            """);

        await database.DeleteAsync("1", "3");

        Assert.Equal(
            [
                "public.comments.stars {1,2.50}", "public.comments.text text", "public.comments.text text", "public.comments.text text", "public.comments.text text",
                "public.posts.file /p/11", "public.posts.file /p/31", "public.posts.file /p/32", "public.users.avatar 1.png",
            ],
            await database.ValuesAsync());
    }

    [Fact]
    public async Task Rows_in_a_cycle_and_rows_with_several_ways_to_the_user_are_captured_once()
    {
        await using var database = await CreateAsync(
            "files.path, parts.name",
            """
            CREATE TABLE files (id integer PRIMARY KEY, user_id integer REFERENCES users, parent integer REFERENCES files, post_id integer REFERENCES posts, path text);
            CREATE TABLE parts (file_id integer REFERENCES files, comment_id integer REFERENCES comments, name text);
            INSERT INTO files VALUES (1, 1, 2, NULL, 'a'), (2, NULL, 1, NULL, 'b'), (3, NULL, 2, NULL, 'c'), (4, 1, 4, 11, 'd'), (5, 2, NULL, NULL, 'other'), (6, NULL, 5, 12, 'e');
            INSERT INTO parts VALUES (3, 110, 'both'), (NULL, 110, 'by comment'), (6, NULL, 'by file'), (5, NULL, 'nobody of ours');
            """);

        await database.DeleteAsync("1");

        Assert.Equal(["public.files.path a", "public.files.path b", "public.files.path c", "public.files.path d", "public.files.path e", "public.parts.name both", "public.parts.name by comment", "public.parts.name by file"], await database.ValuesAsync());
        Assert.Equal(["5 other"], await database.ListAsync("SELECT id || ' ' || path FROM files"));
    }

    [Fact]
    public async Task Rows_of_partitions_and_of_soft_references_are_captured_under_the_name_that_the_policy_gives_the_table()
    {
        await using var database = await CreateAsync(
            "logs.line, logs_1.line, events.ref, details.note",
            """
            CREATE TABLE logs (id integer, user_id integer REFERENCES users, line text, PRIMARY KEY (id)) PARTITION BY RANGE (id);
            CREATE TABLE logs_1 PARTITION OF logs FOR VALUES FROM (0) TO (10);
            CREATE TABLE logs_2 PARTITION OF logs FOR VALUES FROM (10) TO (100) PARTITION BY RANGE (id);
            CREATE TABLE logs_2a PARTITION OF logs_2 FOR VALUES FROM (10) TO (50);
            CREATE TABLE logs_2b PARTITION OF logs_2 FOR VALUES FROM (50) TO (100);
            INSERT INTO logs VALUES (1, 1, 'one'), (10, 1, 'ten'), (50, 1, 'fifty'), (51, 2, 'other');
            CREATE TABLE events (id integer PRIMARY KEY, actor text, ref text);
            CREATE TABLE details (event_id integer REFERENCES events, note text);
            INSERT INTO events VALUES (1, '1', 'e1'), (2, '2', 'e2');
            INSERT INTO details VALUES (1, 'd1'), (2, 'd2');
            """,
            "soft_references: { events.actor: delete }");

        await database.DeleteAsync("1");

        Assert.Equal(["public.details.note d1", "public.events.ref e1", "public.logs.line fifty", "public.logs.line one", "public.logs.line ten"], await database.ValuesAsync());
    }

    [Fact]
    public async Task Rows_that_stay_and_only_lose_their_reference_are_not_captured_also_where_others_of_the_table_go()
    {
        await using var database = await CreateAsync(
            "notes.file",
            """
            CREATE TABLE notes (id integer, user_id integer REFERENCES users, author integer REFERENCES users, reader integer REFERENCES users, file text);
            INSERT INTO notes VALUES (1, 1, 1, 1, 'mine'), (2, 2, 1, 1, 'of 2'), (3, 1, 2, 2, 'by 2'), (4, NULL, 1, 1, 'nobody''s');
            """,
            "references: { notes.user_id: cascade, notes.author: set null, notes.reader: set null }");

        await database.DeleteAsync("1");

        Assert.Equal(["public.notes.file by 2", "public.notes.file mine"], await database.ValuesAsync());
        Assert.Equal(2, await database.Test.ScalarAsync<long>("SELECT count(*) FROM notes WHERE author IS NULL AND reader IS NULL"));
    }

    [Fact]
    public async Task Rows_that_are_reassigned_are_captured_only_where_they_go_all_the_same()
    {
        await using var database = await CreateAsync(
            "notes.file",
            "CREATE TABLE notes (id integer PRIMARY KEY, user_id integer REFERENCES users, author integer REFERENCES users, file text); INSERT INTO notes VALUES (1, 1, 1, 'mine'), (2, 2, 1, 'of 2'), (3, 1, 2, 'by 2');",
            "references: { notes.user_id: cascade, notes.author: { reassign: 3 } }");

        await database.DeleteAsync("1");

        Assert.Equal(["public.notes.file by 2", "public.notes.file mine"], await database.ValuesAsync());
        Assert.Equal(["2 3"], await database.ListAsync("SELECT id || ' ' || author FROM notes"));
    }

    [Fact]
    public async Task A_deletion_that_is_refused_leaves_nothing_in_the_outbox()
    {
        await using var database = await CreateAsync("comments.text", "", "references: { likes.user_id: { action: retain, reason: law } }");

        await Assert.ThrowsAsync<ExpungeException>(() => database.DeleteAsync("1"));

        Assert.Empty(await database.ValuesAsync());
    }

    [Fact]
    public async Task A_row_that_another_transaction_adds_between_capture_and_deletion_is_captured_too()
    {
        await using var database = await CreateAsync("comments.text", "");
        await using var writer = await TestServer.OpenAsync(database.Test.ConnectionString);
        await using var writing = await writer.BeginTransactionAsync();
        await ExecuteAsync(writer, "INSERT INTO comments VALUES (999, 11, 'in between')");

        // The values are captured without the new row, which nobody else sees; the DELETE waits for it.
        var deletion = database.DeleteAsync("1");
        while (await database.Test.ScalarAsync<long>("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database() AND query LIKE 'DELETE FROM%'") == 0) await Task.Delay(5, TestContext.Current.CancellationToken);
        await writing.CommitAsync();
        await deletion;

        Assert.Equal(["public.comments.text in between", "public.comments.text text", "public.comments.text text"], await database.ValuesAsync());
        Assert.Equal(0, await database.Test.ScalarAsync<long>("SELECT count(*) FROM comments WHERE id = 999"));
    }

    [Fact]
    public async Task A_row_that_another_transaction_changes_meanwhile_is_captured_with_its_last_value_or_not_at_all_when_it_is_no_longer_the_users()
    {
        await using var database = await CreateAsync("comments.text", "");
        await using var writer = await TestServer.OpenAsync(database.Test.ConnectionString);
        await using var writing = await writer.BeginTransactionAsync();
        await ExecuteAsync(writer, "UPDATE comments SET text = 'changed' WHERE id = 110; UPDATE comments SET post_id = 21 WHERE id = 120");

        var deletion = database.DeleteAsync("1");
        while (await database.Test.ScalarAsync<long>("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database() AND query LIKE '%expunge.outbox%'") == 0) await Task.Delay(5, TestContext.Current.CancellationToken);
        await writing.CommitAsync();
        await deletion;

        Assert.Equal(["public.comments.text changed"], await database.ValuesAsync());
        Assert.Equal(21, await database.Test.ScalarAsync<int>("SELECT post_id FROM comments WHERE id = 120"));
    }

    [Fact]
    public async Task Rows_that_a_trigger_deletes_are_not_lost_without_a_word()
    {
        await using var database = await CreateAsync(
            "likes.post",
            "CREATE FUNCTION unlike() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN DELETE FROM public.likes WHERE user_id = 2; RETURN NULL; END'; CREATE TRIGGER unlike AFTER DELETE ON posts FOR EACH STATEMENT EXECUTE FUNCTION unlike();");
        var before = await database.Test.CountAsync();

        var refused = await Assert.ThrowsAsync<ExpungeException>(() => database.DeleteAsync("1"));

        Assert.Equal(ErrorCodes.ExternalChanged, refused.Code);
        Assert.Equal(before, await database.Test.CountAsync());
        Assert.Empty(await database.ValuesAsync());
    }

    [Fact]
    public async Task Without_track_counts_nothing_is_deleted_since_nothing_would_tell_what_was_missed()
    {
        await using var database = await CreateAsync("comments.text", "");
        await using var untracked = new TestDatabase(new NpgsqlConnectionStringBuilder(database.Test.ConnectionString) { Options = "-c track_counts=off" }.ConnectionString);

        var refused = await Assert.ThrowsAsync<ExpungeException>(() => untracked.DeleteAsync(database.Policy, "1"));

        Assert.Equal(ErrorCodes.ExternalUncounted, refused.Code);
        Assert.Equal(1, await database.Test.ScalarAsync<long>("SELECT count(*) FROM users WHERE id = 1"));
    }

    [Fact]
    public async Task Without_external_columns_there_is_no_outbox()
    {
        await using var database = await Blog.CreateAsync();
        await database.UpgradeAsync(Blog.Policy);

        await database.DeleteAsync(Blog.Policy, "1");

        Assert.True(await database.ScalarAsync<bool>("SELECT to_regclass('expunge.outbox') IS NULL"));
    }

    private static Task<OutboxDatabase> CreateAsync(string external, string schema, string policy = "") => OutboxDatabase.CreateAsync(external, schema, policy);

    private static async Task ExecuteAsync(NpgsqlConnection connection, string sql)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync();
    }
}
