using Expunge.Postgres;
using Expunge.Testing;
using Xunit;

namespace Expunge.Tests.Schemas;

/// <summary>Schemas that random ones came upon and that could not be upgraded, or whose subjects could not be deleted then.</summary>
public sealed class RandomFindingsTests
{
    [Theory]
    [InlineData("SET NULL (user_id)")]
    [InlineData("SET DEFAULT (user_id)")]
    public Task A_null_in_one_column_under_match_full_is_not_kept_because_it_never_works(string onDelete) => LifecycleAsync(
        $"""
        CREATE TABLE users (id int PRIMARY KEY, tenant int NOT NULL, UNIQUE (id, tenant));
        CREATE TABLE posts (id int PRIMARY KEY, user_id int, tenant int, FOREIGN KEY (user_id, tenant) REFERENCES users (id, tenant) MATCH FULL ON DELETE {onDelete});
        INSERT INTO users VALUES (1, 1); INSERT INTO posts VALUES (10, 1, 1);
        """,
        since: 15);

    [Fact]
    public Task A_set_null_that_is_not_enforced_is_kept_and_enforced() => LifecycleAsync(
        """
        CREATE TABLE users (id int PRIMARY KEY);
        CREATE TABLE posts (id int PRIMARY KEY, user_id int REFERENCES users ON DELETE SET NULL NOT ENFORCED);
        INSERT INTO users VALUES (1); INSERT INTO posts VALUES (10, 1);
        """,
        since: 18);

    [Fact]
    public Task Of_duplicates_on_a_partitioned_table_that_are_not_enforced_one_goes_before_the_other_is_enforced() => LifecycleAsync(
        """
        CREATE TABLE users (id int PRIMARY KEY);
        CREATE TABLE posts (id int PRIMARY KEY, user_id int) PARTITION BY HASH (id);
        CREATE TABLE posts_0 PARTITION OF posts FOR VALUES WITH (MODULUS 1, REMAINDER 0);
        INSERT INTO users VALUES (1); INSERT INTO posts VALUES (10, 1);
        ALTER TABLE posts ADD CONSTRAINT a FOREIGN KEY (user_id) REFERENCES users ON DELETE CASCADE NOT ENFORCED;
        ALTER TABLE posts ADD CONSTRAINT b FOREIGN KEY (user_id) REFERENCES users ON DELETE RESTRICT NOT ENFORCED;
        """,
        since: 18);

    private static async Task LifecycleAsync(string sql, int since)
    {
        Assert.SkipWhen(await TestServer.MajorVersionAsync() < since, $"needs PostgreSQL {since}");
        await using var database = new TestDatabase(await TestServer.EmptyAsync());
        await database.ExecuteAsync(sql);
        var before = await database.CatalogTextAsync();
        var policy = await database.InitAsync(new QualifiedName("public", "users"));

        Assert.True((await database.UpgradeAsync(policy)).Succeeded);
        Assert.True((await database.VerifyAsync(policy)).Ok);
        Assert.True((await database.DowngradeAsync()).Succeeded);
        await database.CatalogIsAsync(before);
        Assert.True((await database.UpgradeAsync(policy)).Succeeded);
        Assert.Equal(["1"], (await database.DeleteAsync(policy, "1")).Deleted);
    }
}
