using Expunge.Postgres;
using Expunge.Verification;
using Npgsql;
using Xunit;

namespace Expunge.Tests.Verification;

public sealed class RightFindingTests
{
    private const string Tables =
        """
        CREATE TABLE users (id int PRIMARY KEY);
        CREATE TABLE posts (id int PRIMARY KEY, user_id int NOT NULL REFERENCES users ON DELETE CASCADE);
        CREATE INDEX ON posts (user_id);
        """;

    private static int _roles;

    [Fact]
    public async Task The_owner_of_all_lacks_nothing()
    {
        var (database, role) = await CreateAsync(Tables);
        await using var _ = database;
        await database.ExecuteAsync($"ALTER TABLE users OWNER TO {role}; ALTER TABLE posts OWNER TO {role}");
        Assert.Empty((await database.ReadAsync(role: role)).Findings);
    }

    [Fact]
    public async Task Whoever_is_no_member_of_the_owner_is_told_so_and_it_is_an_error_where_something_must_be_changed()
    {
        var (database, role) = await CreateAsync($"{Tables} CREATE TABLE likes (id int PRIMARY KEY, user_id int REFERENCES users); CREATE INDEX ON likes (user_id)");
        await using var _ = database;
        await database.ExecuteAsync($"CREATE ROLE {role}_owner; ALTER TABLE users OWNER TO {role}_owner; ALTER TABLE posts OWNER TO {role}_owner; ALTER TABLE likes OWNER TO {role}_owner; GRANT ALL ON ALL TABLES IN SCHEMA public TO {role}");
        var findings = (await database.ReadAsync(role: role)).Findings.Where(f => f.Code == FindingCodes.MissingRight).ToList();

        Assert.Equal([("likes", FindingSeverity.Error), ($"role {role}", FindingSeverity.Warning)], findings.Select(f => (f.Object, f.Severity)));
        Assert.Equal($"it is not a member of {role}_owner, so it can't upgrade posts when one of them is changed", findings[1].Message);
        await database.ExecuteAsync(Statement(findings[0]));
        Assert.DoesNotContain(FindingCodes.MissingRight, await database.CodesAsync(role: role));
    }

    [Fact]
    public async Task Whoever_owns_the_table_needs_references_on_what_it_refers_to()
    {
        var (database, role) = await CreateAsync("CREATE TABLE users (id int PRIMARY KEY); CREATE TABLE posts (id int PRIMARY KEY, user_id int NOT NULL REFERENCES users)");
        await using var _ = database;
        await database.ExecuteAsync($"ALTER TABLE posts OWNER TO {role}; GRANT SELECT, UPDATE, DELETE ON users TO {role}; GRANT CREATE ON SCHEMA public TO {role}; GRANT CREATE ON DATABASE \"{Name(database)}\" TO {role}");
        var finding = await database.SingleAsync(FindingCodes.MissingRight, role: role);
        Assert.Equal(("users", $"GRANT REFERENCES ON \"public\".\"users\" TO \"{role}\";"), (finding.Object, finding.Repair));

        await using var other = new TestDatabase(new NpgsqlConnectionStringBuilder(database.ConnectionString) { Options = $"-c role={role}" }.ConnectionString);
        Assert.False((await other.UpgradeAsync(VerifyDatabase.Users)).Succeeded);
        await database.ExecuteAsync(finding.Repair);
        Assert.True((await other.UpgradeAsync(VerifyDatabase.Users)).Succeeded);
        Assert.Empty((await other.ReadAsync()).Findings);
    }

    [Fact]
    public async Task A_right_that_a_deletion_needs_is_named_with_the_statement_that_grants_it_until_the_deletion_works()
    {
        var (database, role) = await CreateAsync($"{Tables} CREATE TABLE events (id int PRIMARY KEY, actor_id int); CREATE INDEX ON events (actor_id); INSERT INTO users VALUES (1); INSERT INTO posts VALUES (1, 1); INSERT INTO events VALUES (1, 1)");
        await using var _ = database;
        var policy = VerifyDatabase.Policy("soft_references:\n  events.actor_id: delete\n");
        await using var other = new TestDatabase(new NpgsqlConnectionStringBuilder(database.ConnectionString) { Options = $"-c role={role}" }.ConnectionString);
        var findings = (await other.ReadAsync(policy)).Findings.Where(f => f is { Code: FindingCodes.MissingRight, Severity: FindingSeverity.Error }).ToList();

        Assert.Equal(
            [
                $"GRANT SELECT ON \"public\".\"users\", \"public\".\"events\", \"public\".\"posts\" TO \"{role}\";",
                $"GRANT DELETE ON \"public\".\"users\", \"public\".\"events\" TO \"{role}\";",
                $"GRANT UPDATE ON \"public\".\"users\" TO \"{role}\";",
            ],
            findings.Select(f => f.Repair));
        foreach (var finding in findings)
        {
            Assert.NotNull(await Record.ExceptionAsync(() => other.DeleteAsync(policy, "1")));
            await database.ExecuteAsync(finding.Repair);
        }

        Assert.True((await other.ReadAsync(policy)).Ok);
        Assert.Equal(["1"], (await other.DeleteAsync(policy, "1")).Deleted);
    }

    [Fact]
    public async Task A_schema_that_may_not_be_used_is_named()
    {
        var (database, role) = await CreateAsync("CREATE SCHEMA shop; CREATE TABLE users (id int PRIMARY KEY); CREATE TABLE shop.orders (id int PRIMARY KEY, user_id int NOT NULL REFERENCES users ON DELETE CASCADE); CREATE INDEX ON shop.orders (user_id)");
        await using var _ = database;
        await database.ExecuteAsync($"GRANT SELECT, UPDATE, DELETE ON users, shop.orders TO {role}");
        Assert.Contains((await database.ReadAsync(role: role)).Findings, f => f.Object == "shop.orders" && f.Repair == $"GRANT USAGE ON SCHEMA \"shop\" TO \"{role}\";");
    }

    [Fact]
    public async Task Row_level_security_that_applies_to_the_role_is_an_error_and_what_a_dry_run_needs_is_left_to_PostgreSQL()
    {
        var (database, role) = await CreateAsync($"{Tables} ALTER TABLE posts ENABLE ROW LEVEL SECURITY; INSERT INTO users VALUES (1); INSERT INTO posts VALUES (1, 1)");
        await using var _ = database;
        await database.ExecuteAsync($"GRANT SELECT, UPDATE, DELETE ON users, posts TO {role}");
        var finding = Assert.Single((await database.ReadAsync(role: role)).Findings, f => f.Severity == FindingSeverity.Error);
        Assert.Equal(("posts", FindingCodes.MissingRight), (finding.Object, finding.Code));

        await using var other = new TestDatabase(new NpgsqlConnectionStringBuilder(database.ConnectionString) { Options = $"-c role={role}" }.ConnectionString);
        Assert.Equal(SqlStates.InsufficientPrivilege, (await Assert.ThrowsAsync<PostgresException>(() => other.EstimateAsync(VerifyDatabase.Users, "1"))).SqlState);
        await database.ExecuteAsync(finding.Repair["as superuser:  ".Length..finding.Repair.IndexOf(';', StringComparison.Ordinal)]);
        Assert.True((await database.ReadAsync(role: role)).Ok);
        Assert.Equal(2, (await other.EstimateAsync(VerifyDatabase.Users, "1")).Lines.Sum(l => l.Deleted));
        await database.ExecuteAsync($"DROP OWNED BY {role}; DROP ROLE {role}");
    }

    [Fact]
    public async Task The_journal_that_may_not_be_read_is_named()
    {
        var (database, role) = await CreateAsync("CREATE TABLE users (id int PRIMARY KEY); CREATE TABLE posts (id int PRIMARY KEY, user_id int NOT NULL REFERENCES users)");
        await using var _ = database;
        await database.UpgradeAsync(VerifyDatabase.Users);
        await database.ExecuteAsync($"GRANT ALL ON users, posts TO {role}");
        var finding = (await database.ReadAsync(role: role)).Findings.Single(f => f.Object == "schema expunge");
        await database.ExecuteAsync(finding.Repair);
        Assert.DoesNotContain((await database.ReadAsync(role: role)).Findings, f => f.Object == "schema expunge");
    }

    private static async Task<(TestDatabase Database, string Role)> CreateAsync(string sql)
    {
        var role = $"verify_{Interlocked.Increment(ref _roles)}";
        return (await VerifyDatabase.CreateAsync($"{sql}; CREATE ROLE {role}"), role);
    }

    private static string Name(TestDatabase database) => new NpgsqlConnectionStringBuilder(database.ConnectionString).Database!;

    private static string Statement(Finding finding) => finding.Repair[..(finding.Repair.IndexOf(';', StringComparison.Ordinal) + 1)];
}
