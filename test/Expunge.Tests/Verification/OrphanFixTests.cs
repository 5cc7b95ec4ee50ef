using Expunge.Postgres;
using Expunge.Testing;
using Expunge.Verification;
using Npgsql;
using Xunit;

namespace Expunge.Tests.Verification;

public sealed class OrphanFixTests
{
    private const string Blog =
        """
        CREATE TABLE users (id integer PRIMARY KEY, referred_by integer);
        CREATE TABLE posts (id integer PRIMARY KEY, user_id integer);
        CREATE TABLE comments (id integer PRIMARY KEY, post_id integer REFERENCES posts ON DELETE CASCADE, text text);
        CREATE TABLE links (id integer PRIMARY KEY, post_id integer REFERENCES posts ON DELETE SET NULL);
        CREATE TABLE invoices (id integer PRIMARY KEY, post_id integer REFERENCES posts);
        CREATE INDEX ON comments (post_id); CREATE INDEX ON links (post_id); CREATE INDEX ON invoices (post_id);
        INSERT INTO users SELECT n FROM generate_series(1, 3) n;
        INSERT INTO posts SELECT n, n FROM generate_series(1, 1000) n;
        INSERT INTO comments SELECT 2 * n + m, n, 'text' FROM generate_series(1, 1000) n, generate_series(0, 1) m;
        INSERT INTO links SELECT n, n FROM generate_series(1, 10) n;
        ALTER TABLE posts ADD FOREIGN KEY (user_id) REFERENCES users NOT VALID;
        """;

    private static readonly CancellationToken Cancellation = TestContext.Current.CancellationToken;

    [Fact]
    public async Task Orphans_of_a_table_that_another_transaction_holds_stay_and_the_others_are_fixed()
    {
        await using var database = await OrphanDatabase.CreateAsync(
            """
            CREATE TABLE users (id integer PRIMARY KEY);
            CREATE TABLE a (id integer PRIMARY KEY, user_id integer);
            CREATE TABLE b (id integer PRIMARY KEY, user_id integer);
            INSERT INTO a VALUES (1, 9);
            INSERT INTO b VALUES (1, 9);
            ALTER TABLE a ADD FOREIGN KEY (user_id) REFERENCES users NOT VALID;
            ALTER TABLE b ADD FOREIGN KEY (user_id) REFERENCES users NOT VALID;
            """);
        var plan = await database.PlanAsync(OrphanFixAction.Delete);
        await using var holder = await TestServer.OpenAsync(database.Test.ConnectionString);
        await using var transaction = await holder.BeginTransactionAsync(TestContext.Current.CancellationToken);
        await using (var hold = new NpgsqlCommand("LOCK TABLE a", holder)) await hold.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);

        var results = await OrphanFixer.RunAsync(database.Test.Database, await database.DecisionsAsync(), plan, TimeSpan.FromSeconds(60), cancellation: TestContext.Current.CancellationToken);
        Assert.Equal(["a.user_id 0 a or users is locked by another transaction", "b.user_id 1 "], results.Select(r => $"{r.Reference} {r.Fixed} {string.Join("; ", r.Refusals)}"));
        Assert.Equal([null, 0L], results.Select(r => r.Left));
    }

    [Fact]
    public async Task Orphans_are_deleted_with_what_cascades_from_them_as_planned_and_nothing_else()
    {
        await using var database = await OrphanDatabase.CreateAsync(Blog);

        var part = Assert.Single((await database.PlanAsync(OrphanFixAction.Delete)).Parts);
        Assert.Equal((997L, "comments, links"), (part.Rows, string.Join(", ", part.AlsoIn)));
        Assert.Equal([("comments", 1994L, 0L), ("links", 0L, 7L)], part.Also!.Value.Select(a => (a.Table, a.Deleted, a.Updated)));
        Assert.Empty(part.Blockers);
        var result = Assert.Single(await database.FixAsync(OrphanFixAction.Delete));

        Assert.Equal((997L, 0L), (result.Fixed, result.Left));
        Assert.Empty(result.Refusals);
        Assert.Equal([new AlsoDeleted("comments", 1994)], result.Also);
        Assert.Equal("1 2 3", await database.ListAsync("SELECT id FROM posts ORDER BY id"));
        Assert.Equal(6, await database.Test.ScalarAsync<long>("SELECT count(*) FROM comments"));
        Assert.True((await database.FindAsync()).Ok);
        Assert.Empty(await database.FixAsync(OrphanFixAction.Delete));
    }

    [Fact]
    public async Task Orphans_are_set_to_null_in_all_columns_that_can_be_also_in_partitions()
    {
        await using var database = await OrphanDatabase.CreateAsync(
            """
            CREATE TABLE users (id integer, tenant integer, PRIMARY KEY (tenant, id));
            INSERT INTO users (id, tenant) VALUES (1, 10);
            CREATE TABLE posts (id integer PRIMARY KEY, tenant integer NOT NULL, user_id integer);
            CREATE TABLE likes (id integer PRIMARY KEY, tenant integer, user_id integer) PARTITION BY HASH (id);
            CREATE TABLE likes_0 PARTITION OF likes FOR VALUES WITH (MODULUS 2, REMAINDER 0);
            CREATE TABLE likes_1 PARTITION OF likes FOR VALUES WITH (MODULUS 2, REMAINDER 1);
            INSERT INTO posts VALUES (1, 10, 1), (2, 10, 2), (3, 11, NULL);
            INSERT INTO likes VALUES (1, 10, 1), (2, 10, 2), (3, 11, NULL), (4, 11, 1), (5, NULL, NULL);
            ALTER TABLE posts ADD FOREIGN KEY (tenant, user_id) REFERENCES users NOT VALID;
            ALTER TABLE likes_0 ADD FOREIGN KEY (tenant, user_id) REFERENCES users MATCH FULL NOT VALID;
            ALTER TABLE likes_1 ADD FOREIGN KEY (tenant, user_id) REFERENCES users MATCH FULL NOT VALID;
            """);
        var orphans = (await database.FindAsync()).Rows;

        var results = await database.FixAsync(OrphanFixAction.SetNull);

        Assert.Equal((orphans, 4L), (results.Sum(r => r.Fixed), orphans));
        Assert.All(results, r => Assert.Equal(0, r.Left));
        Assert.Equal("(1,10,1) (2,10,) (3,11,)", await database.ListAsync("SELECT posts FROM posts ORDER BY id"));
        Assert.Equal("(1,10,1) (2,,) (3,,) (4,,) (5,,)", await database.ListAsync("SELECT likes FROM likes ORDER BY id"));
    }

    [Fact]
    public async Task What_can_not_be_or_must_not_be_is_refused_before_anything_is_changed()
    {
        await using var database = await OrphanDatabase.CreateAsync(
            Blog + """
            CREATE TABLE likes (user_id integer NOT NULL, token varchar(10)); INSERT INTO likes VALUES (9, 'x');
            INSERT INTO users VALUES (4, 99); ALTER TABLE users ADD FOREIGN KEY (referred_by) REFERENCES users ON DELETE CASCADE NOT VALID;
            CREATE TABLE odd (id integer PRIMARY KEY, who numeric); INSERT INTO odd VALUES (1, 1.0);
            """,
            "root: users\nreferences: { users.referred_by: cascade }\nexternal: [comments.text]\nsoft_references: { likes.user_id: delete, odd.who: delete }\n");

        await RefusedAsync(ErrorCodes.OrphansNotNull, "user_id is NOT NULL", OrphanFixAction.SetNull, "likes.user_id");
        await RefusedAsync(ErrorCodes.OrphansExternal, "comments.text", OrphanFixAction.Delete, "posts.user_id");
        await RefusedAsync(ErrorCodes.OrphansBlocked, "would delete a subject", OrphanFixAction.Delete, "users.referred_by");
        // 1.0 is 1, and the texts differ.
        await RefusedAsync(ErrorCodes.OrphansBlocked, "odd.who is numeric", OrphanFixAction.SetNull, "odd.who");
        Assert.Equal(1, Assert.Single((await database.PlanAsync(OrphanFixAction.SetNull, "users.referred_by")).Parts).Rows);

        var role = $"clerk_{Guid.NewGuid():N}"[..16];
        await database.Test.ExecuteAsync($"CREATE ROLE {role} LOGIN PASSWORD 'secret'; GRANT ALL ON likes TO {role}; GRANT SELECT ON users TO {role};");
        await using var clerk = new OrphanDatabase(new TestDatabase(new NpgsqlConnectionStringBuilder(database.Test.ConnectionString) { Username = role, Password = "secret" }.ConnectionString), "root: users\nsoft_references: { likes.user_id: delete }\n");
        Assert.Equal(ErrorCodes.MissingRight, (await Assert.ThrowsAsync<ExpungeException>(() => clerk.PlanAsync(OrphanFixAction.Delete, "likes.user_id"))).Code);

        async Task RefusedAsync(string code, string why, OrphanFixAction action, string reference)
        {
            var e = await Assert.ThrowsAsync<ExpungeException>(() => database.PlanAsync(action, reference));
            Assert.Equal(code, e.Code);
            Assert.Contains(why, e.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Rows_that_refer_to_an_orphan_keep_it_and_the_others_go()
    {
        await using var database = await OrphanDatabase.CreateAsync(Blog + "INSERT INTO invoices VALUES (1, 500), (2, 3);");

        var part = Assert.Single((await database.PlanAsync(OrphanFixAction.Delete)).Parts);
        Assert.Equal([("invoices.post_id", 1L)], part.Blockers.Select(b => (b.Reference, b.Rows)));
        var result = Assert.Single(await database.FixAsync(OrphanFixAction.Delete));

        Assert.Equal((996L, 1L), (result.Fixed, result.Left));
        Assert.Equal("rows of invoices refer to them (constraint invoices_post_id_fkey)", Assert.Single(result.Refusals));
        Assert.Equal("1 2 3 500", await database.ListAsync("SELECT id FROM posts ORDER BY id"));
    }

    [Fact]
    public async Task Nobody_waits_long_for_an_orphan_whose_deletion_takes_long()
    {
        await using var database = await OrphanDatabase.CreateAsync(
            Blog + "DELETE FROM posts WHERE id > 5; CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN IF OLD.id = 5 THEN PERFORM pg_sleep(60); END IF; RETURN OLD; END'; CREATE TRIGGER slow BEFORE DELETE ON posts FOR EACH ROW EXECUTE FUNCTION slow();");

        var result = Assert.Single(await database.FixAsync(OrphanFixAction.Delete));

        Assert.Equal((1L, 1L), (result.Fixed, result.Left));
        Assert.StartsWith("one takes longer than 2 s, in which nobody can write to users", Assert.Single(result.Refusals), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(true, "1 2 3 700")]
    [InlineData(false, "1 2 3")]
    public async Task Whose_parent_is_added_in_the_same_moment_survives(bool commits, string left)
    {
        await using var database = await OrphanDatabase.CreateAsync(Blog);
        await using var writer = await TestServer.OpenAsync(database.Test.ConnectionString);
        await using var transaction = await writer.BeginTransactionAsync(Cancellation);
        await writer.ExecuteAsync("INSERT INTO users VALUES (700)", Cancellation);
        var waits = new Waits();

        var fix = database.FixAsync(OrphanFixAction.Delete, waits);
        await Eventually.TrueAsync(() => waits.For is not null, "the fix waits for the writer", fix);
        Assert.Contains($"pid {writer.ProcessID}", waits.For, StringComparison.Ordinal);
        if (commits) await transaction.CommitAsync(Cancellation);
        else await transaction.RollbackAsync(Cancellation);

        Assert.Equal(0, Assert.Single(await fix).Left);
        Assert.Equal(left, await database.ListAsync("SELECT id FROM posts ORDER BY id"));
    }

    [Fact]
    public async Task A_row_that_somebody_else_holds_is_left_for_the_next_time()
    {
        await using var database = await OrphanDatabase.CreateAsync(Blog);
        await using var writer = await TestServer.OpenAsync(database.Test.ConnectionString);
        await using var transaction = await writer.BeginTransactionAsync(Cancellation);
        await writer.ExecuteAsync("UPDATE posts SET user_id = 1 WHERE id = 700", Cancellation);

        var first = Assert.Single(await database.FixAsync(OrphanFixAction.Delete));
        await transaction.CommitAsync(Cancellation);

        Assert.Equal((996L, 1L), (first.Fixed, first.Left));
        Assert.Equal("1 2 3 700", await database.ListAsync("SELECT id FROM posts ORDER BY id"));
        Assert.True((await database.FindAsync()).Ok);
    }

    [Fact]
    public async Task What_is_stopped_goes_on_with_what_is_left()
    {
        await using var database = await OrphanDatabase.CreateAsync(Blog);
        using var stop = new CancellationTokenSource();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => database.FixAsync(OrphanFixAction.SetNull, new Waits { Then = stop.Cancel }, stop.Token));
        var left = (await database.FindAsync()).Rows;

        Assert.InRange(left, 1, 996);
        Assert.Equal((left, 0L), Assert.Single(await database.FixAsync(OrphanFixAction.SetNull)) is var result ? (result.Fixed, result.Left) : default);
    }

    [Fact]
    public async Task A_session_in_which_cascades_do_not_fire_deletes_nothing()
    {
        await using var database = await OrphanDatabase.CreateAsync(Blog + "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET session_replication_role = replica', current_database()); END $$;");

        Assert.Equal(ErrorCodes.UnsafeSession, (await Assert.ThrowsAsync<ExpungeException>(() => database.FixAsync(OrphanFixAction.Delete))).Code);
    }

    private sealed class Waits : IProgress<OrphanFixProgress>
    {
        public string? For { get; private set; }

        public Action? Then { get; init; }

        public void Report(OrphanFixProgress value)
        {
            For ??= value.Note;
            Then?.Invoke();
        }
    }
}
