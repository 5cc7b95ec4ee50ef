using Expunge.Testing;
using Expunge.Verification;
using Xunit;

namespace Expunge.Tests.Verification;

public sealed class OverlapFindingTests
{
    private const string Users = "CREATE TABLE users (id int PRIMARY KEY, tenant_id int NOT NULL, UNIQUE (tenant_id, id));";

    [Fact]
    public async Task Two_that_always_refer_to_the_same_row_and_do_different_things_are_an_error()
    {
        await using var database = await VerifyDatabase.CreateAsync(
            $"""
            {Users}
            CREATE TABLE posts (id int PRIMARY KEY, tenant_id int, user_id int REFERENCES users ON DELETE CASCADE,
              CONSTRAINT tenant_fk FOREIGN KEY (tenant_id, user_id) REFERENCES users (tenant_id, id) ON DELETE SET NULL);
            CREATE INDEX ON posts (user_id); CREATE INDEX ON posts (tenant_id, user_id);
            INSERT INTO users VALUES (1, 1); INSERT INTO posts VALUES (1, 1, 1);
            """);
        var finding = Assert.Single((await database.ReadAsync()).Findings, f => f.Code == FindingCodes.Overlap);

        Assert.Equal(FindingSeverity.Error, finding.Severity);
        Assert.Contains("posts_user_id_fkey (CASCADE)", finding.Message, StringComparison.Ordinal);
        Assert.Contains("tenant_fk (SET NULL)", finding.Message, StringComparison.Ordinal);
        Assert.Equal("the same action for posts.user_id and posts.(tenant_id, user_id) under 'references' of the policy, then  expunge upgrade", finding.Repair);
        var policy = VerifyDatabase.Policy("references:\n  posts.user_id: cascade\n  posts.(tenant_id, user_id): cascade\n");
        Assert.Equal("expunge upgrade", (await database.SingleAsync(FindingCodes.Overlap, policy)).Repair);
        Assert.True((await database.UpgradeAsync(policy)).Succeeded);
        Assert.Empty((await database.ReadAsync(policy)).Findings);
    }

    [Theory]
    [InlineData("a", "b")]
    [InlineData("b", "a")]
    public async Task The_one_that_is_said_to_act_first_does(string cascading, string setting)
    {
        await using var database = await VerifyDatabase.CreateAsync(
            $"""
            {Users}
            CREATE TABLE posts (id int PRIMARY KEY, tenant_id int, user_id int);
            ALTER TABLE posts ADD CONSTRAINT a FOREIGN KEY {(cascading == "a" ? "(user_id) REFERENCES users ON DELETE CASCADE" : "(tenant_id, user_id) REFERENCES users (tenant_id, id) ON DELETE SET NULL")};
            ALTER TABLE posts ADD CONSTRAINT b FOREIGN KEY {(setting == "a" ? "(user_id) REFERENCES users ON DELETE CASCADE" : cascading == "b" ? "(user_id) REFERENCES users ON DELETE CASCADE" : "(tenant_id, user_id) REFERENCES users (tenant_id, id) ON DELETE SET NULL")};
            INSERT INTO users VALUES (1, 1); INSERT INTO posts VALUES (1, 1, 1);
            """);
        var finding = await database.SingleAsync(FindingCodes.Overlap);
        var cascadesFirst = finding.Message.Contains($"{cascading} acts first", StringComparison.Ordinal);
        Assert.NotEqual(cascadesFirst, finding.Message.Contains($"{setting} acts first", StringComparison.Ordinal));

        await database.ExecuteAsync("DELETE FROM users");
        Assert.Equal(cascadesFirst ? 0 : 1, await database.ScalarAsync<long>("SELECT count(*) FROM posts"));
    }

    [Theory]
    [InlineData("ON DELETE CASCADE", "ON DELETE CASCADE")]
    [InlineData("ON DELETE SET NULL", "ON DELETE SET NULL")]
    public async Task Two_that_do_the_same_are_none(string one, string other)
    {
        await using var database = await VerifyDatabase.CreateAsync(
            $"{Users} CREATE TABLE posts (id int PRIMARY KEY, tenant_id int, user_id int REFERENCES users {one}, FOREIGN KEY (tenant_id, user_id) REFERENCES users (tenant_id, id) {other})");
        Assert.DoesNotContain(FindingCodes.Overlap, await database.CodesAsync());
    }

    [Fact]
    public async Task One_that_waits_until_the_end_is_a_warning_and_the_upgrade_ends_it()
    {
        await using var database = await VerifyDatabase.CreateAsync(
            $"{Users} CREATE TABLE posts (id int PRIMARY KEY, tenant_id int, user_id int REFERENCES users ON DELETE CASCADE, FOREIGN KEY (tenant_id, user_id) REFERENCES users (tenant_id, id) DEFERRABLE INITIALLY DEFERRED)");
        var policy = VerifyDatabase.Policy("references:\n  posts.user_id: cascade\n  posts.(tenant_id, user_id): cascade\n");
        var finding = await database.SingleAsync(FindingCodes.Overlap, policy);
        Assert.Equal((FindingSeverity.Warning, "expunge upgrade"), (finding.Severity, finding.Repair));
        Assert.True((await database.UpgradeAsync(policy)).Succeeded);
        Assert.Empty((await database.ReadAsync(policy)).Findings);
    }

    [Fact]
    public async Task A_set_null_that_empties_a_column_of_another_reference_takes_that_one_away()
    {
        await using var database = await VerifyDatabase.CreateAsync(
            $"""
            {Users}
            CREATE TABLE posts (id int PRIMARY KEY, tenant_id int, author_id int, editor_id int,
              FOREIGN KEY (tenant_id, author_id) REFERENCES users (tenant_id, id) ON DELETE CASCADE,
              FOREIGN KEY (tenant_id, editor_id) REFERENCES users (tenant_id, id) ON DELETE SET NULL);
            INSERT INTO users VALUES (1, 1), (2, 1); INSERT INTO posts VALUES (1, 1, 1, 2), (2, 1, 1, 2);
            """);
        var policy = VerifyDatabase.Policy("references:\n  posts.(tenant_id, author_id): cascade\n");
        var finding = await database.SingleAsync(FindingCodes.Overlap, policy);
        Assert.Equal((FindingSeverity.Warning, "posts.(tenant_id, editor_id)"), (finding.Severity, finding.Object));
        Assert.Contains("changes tenant_id", finding.Message, StringComparison.Ordinal);

        // What it warns of: the author's posts stay when the editor has gone before.
        await database.ExecuteAsync("BEGIN; DELETE FROM users WHERE id = 2; DELETE FROM users WHERE id = 1; COMMIT; INSERT INTO users VALUES (1, 1), (2, 1)");
        Assert.Equal(2, await database.ScalarAsync<long>("SELECT count(*) FROM posts"));

        if (await TestServer.MajorVersionAsync() < 15) return;
        await database.ExecuteAsync($"TRUNCATE posts; INSERT INTO posts VALUES (1, 1, 1, 2); {finding.Repair}");
        Assert.DoesNotContain(FindingCodes.Overlap, await database.CodesAsync(policy));
        await database.ExecuteAsync("DELETE FROM users WHERE id = 2; DELETE FROM users WHERE id = 1");
        Assert.Equal(0, await database.ScalarAsync<long>("SELECT count(*) FROM posts"));
    }

    [Fact]
    public async Task Two_that_empty_a_column_of_each_other_are_both_named()
    {
        Assert.SkipWhen(await TestServer.MajorVersionAsync() < 15, "needs SET NULL (columns)");
        await using var database = await VerifyDatabase.CreateAsync(
            $"""
            {Users}
            CREATE TABLE posts (id int PRIMARY KEY, tenant_id int, author_id int, editor_id int,
              FOREIGN KEY (tenant_id, author_id) REFERENCES users (tenant_id, id) ON DELETE SET NULL,
              FOREIGN KEY (tenant_id, editor_id) REFERENCES users (tenant_id, id) ON DELETE SET NULL);
            """);
        var findings = (await database.ReadAsync()).Findings.Where(f => f.Code == FindingCodes.Overlap).ToList();
        Assert.Equal(["posts.(tenant_id, author_id)", "posts.(tenant_id, editor_id)"], findings.Select(f => f.Object));

        foreach (var finding in findings) await database.ExecuteAsync(finding.Repair);
        Assert.DoesNotContain(FindingCodes.Overlap, await database.CodesAsync());
    }

    [Fact]
    public async Task A_tenant_in_common_that_nobody_empties_is_no_overlap()
    {
        await using var database = await VerifyDatabase.CreateAsync(
            $"""
            {Users}
            CREATE TABLE posts (id int PRIMARY KEY, tenant_id int NOT NULL, author_id int, editor_id int,
              FOREIGN KEY (tenant_id, author_id) REFERENCES users (tenant_id, id) ON DELETE CASCADE,
              FOREIGN KEY (tenant_id, editor_id) REFERENCES users (tenant_id, id));
            """);
        Assert.DoesNotContain(FindingCodes.Overlap, await database.CodesAsync());
    }
}
