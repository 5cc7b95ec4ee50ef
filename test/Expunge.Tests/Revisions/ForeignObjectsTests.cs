using Expunge.Policy;
using Expunge.Postgres;
using Expunge.Testing;
using Xunit;

namespace Expunge.Tests.Revisions;

/// <summary>What is not Expunge's own stays, and what an interrupted run left does not act on.</summary>
public sealed class ForeignObjectsTests
{
    private static readonly PolicyFile Policy = new() { Root = new QualifiedName("public", "users") };

    [Fact]
    public async Task Somebody_elses_invalid_index_is_neither_dropped_nor_taken_for_ours()
    {
        await using var database = await DatabaseAsync("CREATE TABLE users (id int PRIMARY KEY); CREATE TABLE posts (id int PRIMARY KEY, user_id int REFERENCES users ON DELETE CASCADE); INSERT INTO users VALUES (1); INSERT INTO posts VALUES (1, 1), (2, 1)");
        await Assert.ThrowsAsync<Npgsql.PostgresException>(() => database.ExecuteAsync("CREATE UNIQUE INDEX CONCURRENTLY ix_posts_user_id ON posts (user_id)"));

        var outcome = await database.UpgradeAsync(Policy);

        Assert.False(outcome.Succeeded);
        Assert.Contains("somebody else", Assert.Single(outcome.Results, r => r.Failure is not null).Failure!.Message, StringComparison.Ordinal);
        Assert.Equal(1, await database.ScalarAsync<long>("SELECT count(*) FROM pg_index WHERE indexrelid = 'ix_posts_user_id'::regclass AND NOT indisvalid"));
        await database.ExecuteAsync("DROP INDEX ix_posts_user_id");
        Assert.True((await database.UpgradeAsync(Policy)).Succeeded);
    }

    [Fact]
    public async Task A_name_that_a_view_has_is_not_the_new_indexs()
    {
        await using var database = await DatabaseAsync("CREATE TABLE users (id int PRIMARY KEY); CREATE TABLE posts (id int PRIMARY KEY, user_id int REFERENCES users); CREATE VIEW ix_posts_user_id AS SELECT 1");

        Assert.True((await database.UpgradeAsync(Policy)).Succeeded);
        Assert.True((await database.VerifyAsync(Policy)).Lines.Single().Indexed);
    }

    [Fact]
    public async Task A_temporary_constraint_of_an_interrupted_run_is_a_finding_and_goes_with_the_next_upgrade()
    {
        await using var database = await DatabaseAsync(
            """
            CREATE TABLE users (id int PRIMARY KEY);
            CREATE TABLE ev (id int, user_id int REFERENCES users ON DELETE CASCADE) PARTITION BY RANGE (id);
            CREATE TABLE ev1 PARTITION OF ev FOR VALUES FROM (0) TO (10);
            CREATE INDEX ON ev (user_id);
            ALTER TABLE ev1 ADD CONSTRAINT expunge_tmp_0123456789abcdef FOREIGN KEY (user_id) REFERENCES users ON DELETE SET NULL;
            """);

        Assert.False((await database.VerifyAsync(Policy)).Ok);
        Assert.True((await database.UpgradeAsync(Policy)).Succeeded);
        Assert.True((await database.VerifyAsync(Policy)).Ok);
        Assert.Equal(0, await database.ScalarAsync<long>("SELECT count(*) FROM pg_constraint WHERE conname LIKE 'expunge_tmp_%'"));
    }

    [Fact]
    public async Task A_partition_keeps_the_name_of_its_own_constraint_there_and_back()
    {
        await using var database = await DatabaseAsync(
            """
            CREATE TABLE users (id int PRIMARY KEY);
            CREATE TABLE ev1 (id int, user_id int, CONSTRAINT my_own FOREIGN KEY (user_id) REFERENCES users);
            CREATE TABLE ev (id int, user_id int REFERENCES users) PARTITION BY RANGE (id);
            ALTER TABLE ev ATTACH PARTITION ev1 FOR VALUES FROM (0) TO (10);
            """);
        var before = await database.CatalogTextAsync();

        Assert.True((await database.UpgradeAsync(Policy)).Succeeded);
        Assert.Equal(1, await database.ScalarAsync<long>("SELECT count(*) FROM pg_constraint WHERE conname = 'my_own' AND confdeltype = 'c'"));
        Assert.True((await database.DowngradeAsync()).Succeeded);
        await database.CatalogIsAsync(before);
    }

    [Fact]
    public async Task A_table_that_was_renamed_is_not_passed_over_by_a_downgrade()
    {
        await using var database = await DatabaseAsync("CREATE TABLE users (id int PRIMARY KEY); CREATE TABLE posts (id int PRIMARY KEY, user_id int REFERENCES users)");
        var before = await database.CatalogTextAsync();
        await database.UpgradeAsync(Policy);
        await database.ExecuteAsync("ALTER TABLE posts RENAME TO articles");

        Assert.Equal(ErrorCodes.ConstraintChanged, (await Assert.ThrowsAsync<ExpungeException>(() => database.DowngradeAsync())).Code);
        await database.ExecuteAsync("ALTER TABLE articles RENAME TO posts");
        Assert.True((await database.DowngradeAsync()).Succeeded);
        await database.CatalogIsAsync(before);
    }

    [Fact]
    public async Task A_disabled_trigger_is_not_called_nothing_to_do()
    {
        await using var database = await DatabaseAsync("CREATE TABLE users (id int PRIMARY KEY); CREATE TABLE posts (id int PRIMARY KEY, user_id int REFERENCES users ON DELETE CASCADE); CREATE INDEX ON posts (user_id); ALTER TABLE users DISABLE TRIGGER ALL");

        Assert.Contains("disabled", Assert.Single((await database.UpgradeAsync(Policy)).Plan.Problems).Reason, StringComparison.Ordinal);
        await database.ExecuteAsync("ALTER TABLE users ENABLE TRIGGER ALL");
        Assert.True((await database.UpgradeAsync(Policy)).Succeeded);
    }

    [Fact]
    public async Task The_owner_of_the_schema_expunge_needs_no_right_on_the_database()
    {
        await using var database = await DatabaseAsync("CREATE TABLE users (id int PRIMARY KEY); CREATE TABLE posts (id int PRIMARY KEY, user_id int REFERENCES users)");
        var role = $"owner_{Guid.NewGuid():N}";
        await database.ExecuteAsync($"CREATE ROLE {role} LOGIN PASSWORD 'secret'; ALTER TABLE users OWNER TO {role}; ALTER TABLE posts OWNER TO {role}; GRANT CREATE ON SCHEMA public TO {role}");
        await using var own = new TestDatabase(new Npgsql.NpgsqlConnectionStringBuilder(database.ConnectionString) { Username = role, Password = "secret" }.ConnectionString);

        Assert.Equal(ErrorCodes.MissingRight, (await Assert.ThrowsAsync<ExpungeException>(() => own.UpgradeAsync(Policy))).Code);
        await database.ExecuteAsync($"CREATE SCHEMA expunge AUTHORIZATION {role}");
        Assert.True((await own.UpgradeAsync(Policy)).Succeeded);
    }

    private static async Task<TestDatabase> DatabaseAsync(string sql)
    {
        var database = new TestDatabase(await TestServer.EmptyAsync());
        await database.ExecuteAsync(sql);
        return database;
    }
}
