using Expunge.Testing;
using Expunge.Verification;
using Xunit;

namespace Expunge.Tests.Verification;

public sealed class ReferenceFindingTests
{
    [Fact]
    public async Task What_blocks_below_the_root_is_named_with_the_way_to_it()
    {
        await using var database = await VerifyDatabase.CreateAsync(
            """
            CREATE TABLE users (id int PRIMARY KEY);
            CREATE TABLE posts (id int PRIMARY KEY, user_id int NOT NULL REFERENCES users ON DELETE CASCADE);
            CREATE TABLE comments (id int PRIMARY KEY, post_id int NOT NULL REFERENCES posts);
            CREATE TABLE likes (id int PRIMARY KEY, comment_id int NOT NULL REFERENCES comments ON DELETE RESTRICT);
            """);
        var findings = (await database.ReadAsync()).Findings.Where(f => f.Severity == FindingSeverity.Error).ToList();

        Assert.Equal([FindingCodes.BlockedBelow, FindingCodes.BlockedBelow], findings.Select(f => f.Code));
        Assert.Equal(["comments.post_id", "likes.comment_id"], findings.Select(f => f.Object));
        Assert.EndsWith("comments → posts → users", findings[0].Message, StringComparison.Ordinal);
        Assert.EndsWith("likes → comments → posts → users", findings[1].Message, StringComparison.Ordinal);
        await RepairedByUpgradeAsync(database);
    }

    [Fact]
    public async Task Directly_below_the_root_it_is_not_as_the_policy_says()
    {
        await using var database = await VerifyDatabase.CreateAsync(
            "CREATE TABLE users (id int PRIMARY KEY); CREATE TABLE posts (id int PRIMARY KEY, user_id int NOT NULL REFERENCES users)");
        Assert.Equal([FindingCodes.NotAsPolicy, FindingCodes.MissingIndex], await database.CodesAsync());
        await RepairedByUpgradeAsync(database);
    }

    [Fact]
    public async Task What_hangs_from_a_soft_reference_is_below_the_root_too()
    {
        await using var database = await VerifyDatabase.CreateAsync(
            """
            CREATE TABLE users (id int PRIMARY KEY);
            CREATE TABLE events (id int PRIMARY KEY, actor_id int);
            CREATE TABLE details (id int PRIMARY KEY, event_id int NOT NULL REFERENCES events);
            """);
        var finding = await database.SingleAsync(FindingCodes.BlockedBelow, VerifyDatabase.Policy("soft_references:\n  events.actor_id: delete\n"));
        Assert.EndsWith("details → events → users (no foreign key)", finding.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("SET NULL", "user_id is NOT NULL")]
    [InlineData("SET DEFAULT", "user_id is NOT NULL without a default")]
    public async Task A_set_null_that_can_not_be_is_not_only_another_rule(string rule, string why)
    {
        await using var database = await VerifyDatabase.CreateAsync(
            $"CREATE TABLE users (id int PRIMARY KEY); CREATE TABLE posts (id int PRIMARY KEY, user_id int NOT NULL REFERENCES users ON DELETE {rule}); CREATE INDEX ON posts (user_id)");
        var report = await database.ReadAsync();

        var finding = Assert.Single(report.Findings);
        Assert.Equal((FindingCodes.SetNullImpossible, FindingSeverity.Error), (finding.Code, finding.Severity));
        Assert.Contains(why, finding.Message, StringComparison.Ordinal);
        await RepairedByUpgradeAsync(database);
    }

    [Fact]
    public async Task A_set_null_that_can_not_be_and_is_kept_is_a_warning_with_the_statement_that_lets_it_work()
    {
        await using var database = await VerifyDatabase.CreateAsync(
            """
            CREATE TABLE users (id int PRIMARY KEY);
            CREATE TABLE "odd posts" (id int PRIMARY KEY, "user" int NOT NULL REFERENCES users ON DELETE SET NULL);
            CREATE INDEX ON "odd posts" ("user");
            """);
        var policy = VerifyDatabase.Policy("references:\n  odd posts.user: keep\n");
        var finding = Assert.Single((await database.ReadAsync(policy)).Findings);
        Assert.Equal((FindingCodes.SetNullImpossible, FindingSeverity.Warning), (finding.Code, finding.Severity));

        await database.ExecuteAsync(finding.Repair);
        Assert.Empty((await database.ReadAsync(policy)).Findings);
    }

    [Fact]
    public async Task Below_the_root_a_set_null_that_can_not_be_blocks()
    {
        await using var database = await VerifyDatabase.CreateAsync(
            """
            CREATE TABLE users (id int PRIMARY KEY);
            CREATE TABLE posts (id int PRIMARY KEY, user_id int NOT NULL REFERENCES users ON DELETE CASCADE);
            CREATE TABLE comments (id int PRIMARY KEY, post_id int NOT NULL REFERENCES posts ON DELETE SET NULL);
            """);
        Assert.Equal([FindingCodes.BlockedBelow, FindingCodes.SetNullImpossible], (await database.ReadAsync()).Findings.Where(f => f.Severity == FindingSeverity.Error).Select(f => f.Code));
        await RepairedByUpgradeAsync(database);
    }

    [Fact]
    public async Task What_is_kept_is_repaired_by_the_statement_that_is_named()
    {
        await using var database = await VerifyDatabase.CreateAsync(
            """
            CREATE TABLE users (id int PRIMARY KEY);
            CREATE TABLE posts (id int PRIMARY KEY, user_id int NOT NULL);
            CREATE INDEX ON posts (user_id);
            ALTER TABLE posts ADD CONSTRAINT a FOREIGN KEY (user_id) REFERENCES users NOT VALID, ADD CONSTRAINT b FOREIGN KEY (user_id) REFERENCES users;
            """);
        var policy = VerifyDatabase.Policy("references:\n  posts.user_id: keep\n");
        var report = await database.ReadAsync(policy);
        Assert.Equal([FindingCodes.Duplicate, FindingCodes.NotValidated], report.Findings.Select(f => f.Code));

        foreach (var finding in report.Findings) await database.ExecuteAsync(finding.Repair);
        Assert.Empty((await database.ReadAsync(policy)).Findings);
    }

    [Fact]
    public async Task What_is_kept_and_not_enforced_is_enforced_by_the_statement_that_is_named()
    {
        Assert.SkipWhen(await TestServer.MajorVersionAsync() < 18, "needs PostgreSQL 18");
        await using var database = await VerifyDatabase.CreateAsync(
            "CREATE TABLE users (id int PRIMARY KEY); CREATE TABLE posts (id int PRIMARY KEY, user_id int REFERENCES users NOT ENFORCED); CREATE INDEX ON posts (user_id)");
        var policy = VerifyDatabase.Policy("references:\n  posts.user_id: keep\n");
        var finding = Assert.Single((await database.ReadAsync(policy)).Findings);
        Assert.Equal(FindingCodes.NotEnforced, finding.Code);

        await database.ExecuteAsync(finding.Repair);
        Assert.Empty((await database.ReadAsync(policy)).Findings);
    }

    [Fact]
    public async Task Disabled_triggers_are_enabled_by_the_statements_that_are_named_and_those_of_others_stay_disabled()
    {
        await using var database = await VerifyDatabase.CreateAsync(
            """
            CREATE TABLE users (id int PRIMARY KEY);
            CREATE TABLE posts (id int PRIMARY KEY, user_id int NOT NULL REFERENCES users ON DELETE CASCADE);
            CREATE INDEX ON posts (user_id);
            CREATE FUNCTION nothing() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
            CREATE TRIGGER mine AFTER INSERT ON posts FOR EACH ROW EXECUTE FUNCTION nothing();
            ALTER TABLE posts DISABLE TRIGGER ALL; ALTER TABLE users DISABLE TRIGGER ALL;
            """);
        var finding = Assert.Single((await database.ReadAsync()).Findings);
        Assert.Equal(FindingCodes.TriggersDisabled, finding.Code);

        await database.ExecuteAsync(finding.Repair["as superuser:  ".Length..]);
        Assert.Empty((await database.ReadAsync()).Findings);
        Assert.Equal('D', await database.ScalarAsync<char>("SELECT tgenabled FROM pg_trigger WHERE tgname = 'mine'"));
    }

    [Theory]
    [InlineData("CASCADE", "NO ACTION")]
    [InlineData("NO ACTION", "CASCADE")]
    [InlineData("NO ACTION", "NO ACTION")]
    public async Task The_statements_for_two_foreign_keys_on_the_same_column_leave_one_that_cascades(string first, string second)
    {
        await using var database = await VerifyDatabase.CreateAsync(
            $"""
            CREATE TABLE users (id int PRIMARY KEY);
            CREATE TABLE posts (id int PRIMARY KEY, user_id int NOT NULL);
            CREATE INDEX ON posts (user_id);
            ALTER TABLE posts ADD CONSTRAINT a FOREIGN KEY (user_id) REFERENCES users ON DELETE {first}, ADD CONSTRAINT b FOREIGN KEY (user_id) REFERENCES users ON DELETE {second};
            """);
        foreach (var finding in (await database.ReadAsync()).Findings.Where(f => f.Code == FindingCodes.NotAsPolicy)) await database.ExecuteAsync(finding.Repair.Split("is no matter,  ")[1]);
        Assert.Empty((await database.ReadAsync()).Findings);
    }

    [Fact]
    public async Task A_column_that_has_a_default_stays_NOT_NULL_where_SET_DEFAULT_is_made_possible()
    {
        await using var database = await VerifyDatabase.CreateAsync(
            """
            CREATE TABLE users (id int PRIMARY KEY, tenant int NOT NULL, UNIQUE (tenant, id));
            CREATE TABLE posts (id int PRIMARY KEY, tenant int NOT NULL DEFAULT 1, user_id int NOT NULL, FOREIGN KEY (tenant, user_id) REFERENCES users (tenant, id) ON DELETE SET DEFAULT);
            CREATE INDEX ON posts (tenant, user_id);
            """);
        var policy = VerifyDatabase.Policy("references:\n  posts.(tenant, user_id): keep\n");
        var finding = Assert.Single((await database.ReadAsync(policy)).Findings);
        Assert.Equal("ALTER TABLE \"public\".\"posts\" ALTER COLUMN \"user_id\" DROP NOT NULL;", finding.Repair);

        await database.ExecuteAsync(finding.Repair);
        Assert.Empty((await database.ReadAsync(policy)).Findings);
    }

    [Fact]
    public async Task A_reference_is_named_as_the_policy_file_writes_it()
    {
        await using var database = await VerifyDatabase.CreateAsync(
            """
            CREATE TABLE users (id int PRIMARY KEY);
            CREATE TABLE posts (id int PRIMARY KEY, "user.id" int NOT NULL REFERENCES users ON DELETE CASCADE, "by, whom" int NOT NULL REFERENCES users ON DELETE CASCADE);
            CREATE INDEX ON posts ("user.id");
            CREATE INDEX ON posts ("by, whom");
            """);
        var undecided = (await database.ReadAsync()).Findings;
        Assert.Equal([FindingCodes.Undecided, FindingCodes.Undecided], undecided.Select(f => f.Code));
        var policy = VerifyDatabase.Policy($"references:\n{string.Concat(undecided.Select(f => $"  '{f.Object}': cascade\n"))}");
        Assert.Empty((await database.ReadAsync(policy)).Findings);
    }

    private static async Task RepairedByUpgradeAsync(TestDatabase database)
    {
        Assert.True((await database.UpgradeAsync(VerifyDatabase.Users)).Succeeded);
        Assert.Empty((await database.ReadAsync()).Findings);
    }
}
