using Expunge.Testing;
using Expunge.Verification;
using Npgsql;
using Xunit;

namespace Expunge.Tests.Verification;

public sealed class OrphansTests
{
    [Fact]
    public async Task ZivoHealth_has_three_that_no_foreign_key_could_prevent()
    {
        await using var database = new OrphanDatabase(new TestDatabase(await TestServer.ZivoHealthAsync()), ZivoHealth.Deployment.Policy);

        var report = await database.FindAsync(new OrphanOptions { All = true });

        Assert.Equal((3L, false), (report.Rows, report.Ok));
        var line = Assert.Single(report.Lines, l => l.Rows > 0);
        Assert.Equal(("search_queries.user_id", "soft reference", null), (line.Reference, line.Declared, line.ProvedBy));
        Assert.Equal(["user_id = 12001", "user_id = 12002", "user_id = 12002"], line.Examples.Select(e => $"{e.Missing}"));
        Assert.All(report.Lines, l => Assert.NotNull(l.Rows));
    }

    [Fact]
    public async Task What_a_constraint_proves_is_not_read_unless_asked_for()
    {
        // As after a restore that disabled triggers: the constraints look right.
        await using var database = await OrphanDatabase.CreateAsync(
            """
            CREATE TABLE users (id integer PRIMARY KEY);
            CREATE TABLE posts (id integer PRIMARY KEY, user_id integer REFERENCES users);
            CREATE TABLE likes (id integer PRIMARY KEY, user_id integer);
            CREATE TABLE notes (id integer PRIMARY KEY, user_id integer REFERENCES users);
            INSERT INTO likes VALUES (1, 7), (2, NULL);
            ALTER TABLE likes ADD CONSTRAINT likes_user FOREIGN KEY (user_id) REFERENCES users NOT VALID;
            SET session_replication_role = replica; INSERT INTO posts VALUES (1, 8); RESET session_replication_role;
            ALTER TABLE notes DISABLE TRIGGER ALL; INSERT INTO notes VALUES (3, 9);
            """);

        Assert.Equal(["likes.user_id 1: id = 1 → user_id = 7", "notes.user_id 1: id = 3 → user_id = 9"], await database.ShownAsync());
        var posts = Assert.Single((await database.FindAsync()).Lines, l => l.Table == "posts");
        Assert.Equal(("posts_user_id_fkey", null, null, "validated"), (posts.ProvedBy, posts.Rows, posts.NotCounted, posts.Declared));
        Assert.Equal(["likes: NOT VALID", "notes: trigger disabled"], (await database.FindAsync()).Lines.Where(l => l.Rows > 0).Select(l => $"{l.Table}: {l.Declared}"));
        Assert.Contains("posts.user_id 1: id = 1 → user_id = 8", await database.ShownAsync(new OrphanOptions { All = true }));
        Assert.Equal(["likes.user_id 1: "], await database.ShownAsync(new OrphanOptions { References = ["likes.likes_user"], Limit = 0 }));
        var unknown = await Assert.ThrowsAsync<ExpungeException>(() => database.FindAsync(new OrphanOptions { References = ["like.user_id"] }));
        Assert.Equal(ErrorCodes.Usage, unknown.Code);
        Assert.Contains("did you mean 'likes.user_id'?", unknown.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_constraint_that_is_not_enforced_proves_nothing()
    {
        Assert.SkipWhen(await TestServer.MajorVersionAsync() < 18, "needs PostgreSQL 18");
        await using var database = await OrphanDatabase.CreateAsync(
            "CREATE TABLE users (id integer PRIMARY KEY); CREATE TABLE likes (id integer PRIMARY KEY, user_id integer REFERENCES users NOT ENFORCED); INSERT INTO likes VALUES (1, 7);");

        Assert.Equal("NOT ENFORCED", Assert.Single((await database.FindAsync()).Lines, l => l.Rows == 1).Declared);
    }

    [Fact]
    public async Task Of_several_columns_match_full_wants_all_or_none_and_match_simple_none_at_all()
    {
        await using var database = await OrphanDatabase.CreateAsync(
            """
            CREATE TABLE users (id integer, tenant integer, PRIMARY KEY (tenant, id));
            CREATE TABLE simple (id integer PRIMARY KEY, t integer, u integer);
            INSERT INTO users (id, tenant) VALUES (1, 10);
            INSERT INTO simple VALUES (1, 10, 1), (2, 10, 2), (3, 10, NULL), (4, NULL, 1), (5, NULL, NULL), (6, 11, 1);
            CREATE TABLE "full" AS SELECT * FROM simple; ALTER TABLE "full" ADD PRIMARY KEY (id);
            ALTER TABLE simple ADD FOREIGN KEY (u, t) REFERENCES users (id, tenant) NOT VALID;
            ALTER TABLE "full" ADD FOREIGN KEY (t, u) REFERENCES users (tenant, id) MATCH FULL NOT VALID;
            """);

        Assert.Equal(
            [
                "full.(t, u) 4: id = 2 → (t, u) = (10, 2); id = 3 → (t, u) = (10, NULL); id = 4 → (t, u) = (NULL, 1); id = 6 → (t, u) = (11, 1)",
                "simple.(u, t) 2: id = 2 → (u, t) = (2, 10); id = 6 → (u, t) = (1, 11)",
            ],
            await database.ShownAsync());
    }

    [Fact]
    public async Task Partitions_count_inheritance_children_do_not_and_names_may_be_anything()
    {
        await using var database = await OrphanDatabase.CreateAsync(
            """
            CREATE SCHEMA "Other Schema";
            CREATE TABLE users (id integer PRIMARY KEY, "the boss" integer);
            INSERT INTO users VALUES (1, 1), (2, 99);
            ALTER TABLE users ADD FOREIGN KEY ("the boss") REFERENCES users NOT VALID;
            CREATE TABLE "Other Schema"."a ""quoted"" one" (at integer, "user.id" integer) PARTITION BY LIST (at);
            CREATE TABLE p1 PARTITION OF "Other Schema"."a ""quoted"" one" FOR VALUES IN (1);
            CREATE TABLE p2 PARTITION OF "Other Schema"."a ""quoted"" one" FOR VALUES IN (2);
            INSERT INTO "Other Schema"."a ""quoted"" one" VALUES (1, 7), (2, 8), (2, 1);
            ALTER TABLE p2 ADD FOREIGN KEY ("user.id") REFERENCES users NOT VALID;
            CREATE TABLE events (id integer PRIMARY KEY, user_id integer);
            CREATE TABLE old_events () INHERITS (events);
            CREATE TABLE old_users () INHERITS (users);
            INSERT INTO old_users VALUES (5, NULL); INSERT INTO old_events VALUES (1, 99); INSERT INTO events VALUES (2, 5);
            ALTER TABLE events ADD FOREIGN KEY (user_id) REFERENCES users NOT VALID;
            """,
            "root: users\nsoft_references: { '\"Other Schema\".\"a \"\"quoted\"\" one\".\"user.id\"': delete }\n");

        // A child of users is no parent to a foreign key, and a child of events is not looked at.
        Assert.Equal(
            [
                "Other Schema.\"a \"\"quoted\"\" one\".\"user.id\" 2: (partition, ctid) = (p1, (0,1)) → user.id = 7; (partition, ctid) = (p2, (0,1)) → user.id = 8",
                "events.user_id 1: id = 2 → user_id = 5",
                "p2.\"user.id\" 1: ctid = (0,1) → user.id = 8",
                "users.the boss 1: id = 2 → the boss = 99",
            ],
            await database.ShownAsync());
    }

    [Fact]
    public async Task Text_that_is_a_key_in_another_spelling_is_no_orphan_and_what_can_be_none_is_not_shown()
    {
        const string Present = "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11";
        await using var uuids = await OrphanDatabase.CreateAsync(
            $$"""
            CREATE TABLE users (id uuid PRIMARY KEY);
            INSERT INTO users VALUES ('{{Present}}');
            CREATE TABLE logs (id integer PRIMARY KEY, who varchar(40));
            INSERT INTO logs VALUES (1, '{{Present}}'), (2, upper('{{Present}}')), (3, '{{{Present}}}'), (4, 'abc'), (5, NULL), (6, 'ffeebc99-9c0b-4ef8-bb6d-6bb9bd380a11'), (7, 'anna@example.com');
            """,
            "root: users\nsoft_references: { logs.who: delete }\n");
        Assert.Equal(["logs.who 3: id = 4 → who = NULL; id = 6 → who = ffeebc99-9c0b-4ef8-bb6d-6bb9bd380a11; id = 7 → who = NULL"], await uuids.ShownAsync());

        await using var numbers = await OrphanDatabase.CreateAsync(
            """
            CREATE TABLE users (id bigint PRIMARY KEY);
            INSERT INTO users VALUES (7), (1250000000000000000);
            CREATE TABLE logs (id integer PRIMARY KEY, who text, small smallint, text_key text);
            INSERT INTO logs VALUES (1, '7', 7), (2, ' 007 ', NULL), (3, '+7', NULL), (4, '1250000000000000000', 8), (5, 'seven', NULL), (6, repeat('9', 30), NULL), (7, '', NULL), (8, '8', NULL);
            """,
            "root: users\nsoft_references: { logs.who: delete, logs.small: delete }\n");
        Assert.Equal(["logs.small 1: id = 4 → small = 8", "logs.who 4: id = 5 → who = NULL; id = 6 → who = NULL; id = 7 → who = NULL; id = 8 → who = 8"], await numbers.ShownAsync());
    }

    [Fact]
    public async Task Keys_are_compared_as_the_constraint_does_it_whatever_the_search_path_is()
    {
        await using var database = await OrphanDatabase.CreateAsync(
            """
            CREATE SCHEMA ext; CREATE EXTENSION citext SCHEMA ext;
            CREATE TABLE users (id ext.citext PRIMARY KEY, n integer UNIQUE);
            INSERT INTO users VALUES ('Anna', 1);
            CREATE TABLE posts (id integer PRIMARY KEY, author ext.citext, n bigint, soft ext.citext);
            INSERT INTO posts VALUES (1, 'anna', 1, 'ANNA'), (2, 'berta', 2, 'berta');
            ALTER TABLE posts ADD FOREIGN KEY (author) REFERENCES users NOT VALID, ADD FOREIGN KEY (n) REFERENCES users (n) NOT VALID;
            CREATE FUNCTION never(integer, bigint) RETURNS boolean IMMUTABLE LANGUAGE sql AS 'SELECT false';
            CREATE OPERATOR = (LEFTARG = integer, RIGHTARG = bigint, FUNCTION = never);
            DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET search_path = public, pg_catalog', current_database()); END $$;
            """,
            "root: users\nsoft_references: { posts.soft: delete }\n");

        Assert.Equal(["posts.author 1: id = 2 → author = berta", "posts.n 1: id = 2 → n = 2", "posts.soft 1: id = 2 → soft = berta"], await database.ShownAsync());
    }

    [Fact]
    public async Task A_period_may_be_covered_by_several_rows()
    {
        Assert.SkipWhen(await TestServer.MajorVersionAsync() < 18, "needs PostgreSQL 18");
        await using var database = await OrphanDatabase.CreateAsync(
            """
            CREATE EXTENSION btree_gist;
            CREATE TABLE users (id integer, at int4range, PRIMARY KEY (id, at WITHOUT OVERLAPS));
            INSERT INTO users VALUES (1, '[1,5)'), (1, '[5,9)');
            CREATE TABLE stays (id integer PRIMARY KEY, user_id integer, at int4range);
            INSERT INTO stays VALUES (1, 1, '[2,8)'), (2, 1, '[2,10)'), (3, 2, '[2,3)'), (4, NULL, '[2,3)');
            ALTER TABLE stays ADD FOREIGN KEY (user_id, PERIOD at) REFERENCES users (id, PERIOD at) NOT VALID;
            """);

        Assert.Equal(["stays.(user_id, at) 2: id = 2 → (user_id, at) = (1, [2,10)); id = 3 → (user_id, at) = (2, [2,3))"], await database.ShownAsync());
    }

    [Fact]
    public async Task What_takes_too_long_or_may_not_be_read_is_said_and_the_others_are_counted()
    {
        await using var database = await OrphanDatabase.CreateAsync(
            """
            CREATE TABLE users (id integer PRIMARY KEY);
            CREATE TABLE a (id integer PRIMARY KEY, user_id integer); CREATE TABLE b (id integer PRIMARY KEY, user_id integer);
            INSERT INTO b VALUES (1, 7);
            """,
            "root: users\nsoft_references: { a.user_id: delete, b.user_id: delete }\n");
        await using var holder = await TestServer.OpenAsync(database.Test.ConnectionString);
        await using var transaction = await holder.BeginTransactionAsync(TestContext.Current.CancellationToken);
        await using (var hold = new NpgsqlCommand("LOCK TABLE a", holder)) await hold.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);

        var report = await database.FindAsync(new OrphanOptions { Timeout = TimeSpan.FromMilliseconds(100) });

        Assert.Equal(["a.user_id  not within 0.1 s", "b.user_id 1 "], report.Lines.Select(l => $"{l.Reference} {l.Rows} {l.NotCounted}"));
        Assert.False(report.Ok);
        await transaction.RollbackAsync(TestContext.Current.CancellationToken);

        var role = $"reader_{Guid.NewGuid():N}"[..16];
        await database.Test.ExecuteAsync($"CREATE ROLE {role} LOGIN PASSWORD 'secret'; GRANT SELECT ON users, b TO {role};");
        await using var reader = new TestDatabase(new NpgsqlConnectionStringBuilder(database.Test.ConnectionString) { Username = role, Password = "secret" }.ConnectionString);
        Assert.Equal(["permission denied for table a", null], (await ReadAsync()).Select(l => l.NotCounted));
        // Users that row-level security hides must not make their rows orphans.
        await database.Test.ExecuteAsync("ALTER TABLE users ENABLE ROW LEVEL SECURITY");
        Assert.Contains("row-level security", (await ReadAsync())[1].NotCounted, StringComparison.Ordinal);

        async Task<OrphanLine[]> ReadAsync() => [.. (await Orphans.FindAsync(reader.Database, await database.DecisionsAsync(), new OrphanOptions(), TestContext.Current.CancellationToken)).Lines];
    }
}
