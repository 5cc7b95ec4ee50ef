using Expunge.Policy;
using Expunge.Postgres;
using Expunge.Testing;
using Xunit;

namespace Expunge.Tests.Deletion;

/// <summary>Nothing is reported deleted that is still there, and nobody goes who was not named.</summary>
public sealed class GuardTests
{
    private static readonly QualifiedName Users = new("public", "users");

    [Theory]
    [InlineData("CREATE FUNCTION keep() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'; CREATE TRIGGER soft_delete BEFORE DELETE ON users FOR EACH ROW EXECUTE FUNCTION keep()")]
    [InlineData("CREATE RULE soft_delete AS ON DELETE TO users DO INSTEAD NOTHING")]
    public async Task A_user_who_is_not_really_deleted_is_not_reported_as_deleted(string suppressor)
    {
        await using var database = await DatabaseAsync($"CREATE TABLE users (id int PRIMARY KEY); INSERT INTO users VALUES (1), (2); {suppressor}");
        var policy = await database.InitAsync(Users);
        await database.UpgradeAsync(policy);

        var e = await Assert.ThrowsAsync<ExpungeException>(() => database.DeleteAsync(policy, "1"));

        Assert.Equal(ErrorCodes.Residue, e.Code);
        Assert.Contains(await database.VerifyFindingsAsync(policy), f => f.Contains("soft_delete", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_trigger_on_one_partition_that_keeps_its_rows_is_noticed()
    {
        await using var database = await DatabaseAsync(
            """
            CREATE TABLE users (id int PRIMARY KEY);
            CREATE TABLE ev (id int, user_id int NOT NULL REFERENCES users ON DELETE CASCADE) PARTITION BY RANGE (id);
            CREATE TABLE ev1 PARTITION OF ev FOR VALUES FROM (0) TO (10);
            CREATE TABLE ev2 PARTITION OF ev FOR VALUES FROM (10) TO (20);
            CREATE INDEX ON ev (user_id);
            CREATE FUNCTION keep() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
            CREATE TRIGGER keep BEFORE DELETE ON ev1 FOR EACH ROW EXECUTE FUNCTION keep();
            INSERT INTO users VALUES (1), (2); INSERT INTO ev VALUES (1, 1), (11, 1), (12, 2);
            """);
        var policy = await database.InitAsync(Users);
        await database.UpgradeAsync(policy);

        Assert.Equal(ErrorCodes.Residue, (await Assert.ThrowsAsync<ExpungeException>(() => database.DeleteAsync(policy, "1"))).Code);
        Assert.Equal(3, await database.ScalarAsync<long>("SELECT count(*) FROM ev"));
    }

    [Fact]
    public async Task A_user_whose_company_goes_does_not_take_its_other_members_along()
    {
        await using var database = await DatabaseAsync(
            """
            CREATE TABLE companies (id int PRIMARY KEY, owner_id int);
            CREATE TABLE users (id int PRIMARY KEY, company_id int NOT NULL REFERENCES companies ON DELETE CASCADE);
            INSERT INTO companies VALUES (1, 1), (2, 4); INSERT INTO users VALUES (1, 1), (2, 1), (3, 1), (4, 2);
            ALTER TABLE companies ADD FOREIGN KEY (owner_id) REFERENCES users ON DELETE CASCADE;
            """);
        var policy = await database.InitAsync(Users);
        Assert.True((await database.UpgradeAsync(policy)).Succeeded);

        Assert.Equal(2, Assert.Single((await database.EstimateAsync(policy, "1")).Blockers).Rows);
        Assert.Equal(ErrorCodes.DeletionBlocked, (await Assert.ThrowsAsync<ExpungeException>(() => database.DeleteAsync(policy, "1"))).Code);
        Assert.Equal(["4"], (await database.DeleteAsync(policy, "4")).Deleted);
        Assert.Equal(3, await database.ScalarAsync<long>("SELECT count(*) FROM users"));
    }

    [Fact]
    public async Task A_cascade_back_to_the_root_that_the_policy_keeps_deletes_nobody_else()
    {
        await using var database = await DatabaseAsync("CREATE TABLE users (id int PRIMARY KEY, boss int NOT NULL REFERENCES users ON DELETE CASCADE); CREATE INDEX ON users (boss); INSERT INTO users VALUES (1, 1), (2, 1)");
        var policy = PolicyReader.Read("root: public.users\nreferences:\n  users.boss: keep\n", null);

        Assert.Equal(ErrorCodes.OtherSubjects, (await Assert.ThrowsAsync<ExpungeException>(() => database.DeleteAsync(policy, "1"))).Code);
        Assert.Equal(["2"], (await database.DeleteAsync(policy, "2")).Deleted);
    }

    [Fact]
    public async Task A_soft_reference_beside_a_foreign_key_makes_the_table_shared()
    {
        await using var database = await DatabaseAsync("CREATE TABLE users (id int PRIMARY KEY); CREATE TABLE ev (id int PRIMARY KEY, user_id int REFERENCES users, actor_id int)");
        var soft = "root: public.users\nsoft_references:\n  ev.actor_id: { action: delete, enforce: true }\n";
        var undecided = PolicyReader.Read(soft, null);
        var decided = PolicyReader.Read($"{soft}references:\n  ev.user_id: cascade\n", null);

        Assert.Equal(ErrorCodes.Undecided, (await Assert.ThrowsAsync<ExpungeException>(() => database.UpgradeAsync(undecided))).Code);
        Assert.True((await database.UpgradeAsync(decided)).Succeeded);
        Assert.True((await database.UpgradeAsync(decided)).Plan.IsEmpty);
    }

    [Fact]
    public async Task Two_columns_are_two_ways_also_when_one_is_declared_on_the_partition()
    {
        await using var database = await DatabaseAsync(
            """
            CREATE TABLE users (id int PRIMARY KEY);
            CREATE TABLE ev (id int, user_id int REFERENCES users, actor_id int) PARTITION BY RANGE (id);
            CREATE TABLE ev1 PARTITION OF ev FOR VALUES FROM (0) TO (10);
            ALTER TABLE ev1 ADD FOREIGN KEY (actor_id) REFERENCES users;
            """);

        Assert.Equal(ErrorCodes.Undecided, (await Assert.ThrowsAsync<ExpungeException>(() => database.UpgradeAsync(new PolicyFile { Root = Users }))).Code);
    }

    private static async Task<TestDatabase> DatabaseAsync(string sql)
    {
        var database = new TestDatabase(await TestServer.EmptyAsync());
        await database.ExecuteAsync(sql);
        return database;
    }
}
