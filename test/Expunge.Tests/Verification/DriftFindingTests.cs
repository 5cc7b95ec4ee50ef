using Expunge.Testing;
using Expunge.Verification;
using Xunit;

namespace Expunge.Tests.Verification;

public sealed class DriftFindingTests
{
    [Fact]
    public async Task After_an_upgrade_there_is_none()
    {
        await using var database = await UpgradedAsync();
        Assert.Empty((await database.ReadAsync()).Findings);
    }

    [Fact]
    public async Task A_dropped_constraint_is_an_error_and_the_statements_bring_it_back()
    {
        await using var database = await UpgradedAsync();
        await database.ExecuteAsync("ALTER TABLE posts DROP CONSTRAINT posts_user_id_fkey");
        var finding = Assert.Single((await database.ReadAsync()).Findings);
        Assert.Equal(
            (FindingCodes.Drift, FindingSeverity.Error, "posts.user_id", "revision 001 left posts_user_id_fkey on user_id as FOREIGN KEY (\"user_id\") REFERENCES \"public\".\"users\" (\"id\") ON DELETE CASCADE, and it is gone: what refers to a deleted row stays"),
            (finding.Code, finding.Severity, finding.Object, finding.Message));

        await database.ExecuteAsync(finding.Repair);
        Assert.Empty((await database.ReadAsync()).Findings);
    }

    [Fact]
    public async Task A_renamed_constraint_is_a_warning_that_says_both_names()
    {
        await using var database = await UpgradedAsync();
        await database.ExecuteAsync("ALTER TABLE posts RENAME CONSTRAINT posts_user_id_fkey TO other");
        var finding = Assert.Single((await database.ReadAsync()).Findings);
        Assert.Equal((FindingCodes.Drift, FindingSeverity.Warning), (finding.Code, finding.Severity));
        Assert.EndsWith("and it is called other now", finding.Message, StringComparison.Ordinal);

        await database.ExecuteAsync(finding.Repair);
        Assert.Empty((await database.ReadAsync()).Findings);
        Assert.True((await database.DowngradeAsync()).Succeeded);
    }

    [Theory]
    [InlineData("ON DELETE RESTRICT", FindingSeverity.Error)]
    [InlineData("ON DELETE CASCADE DEFERRABLE", FindingSeverity.Warning)]
    public async Task A_constraint_that_was_made_anew_differently_is_shown_as_it_was_and_as_it_is(string clause, FindingSeverity severity)
    {
        await using var database = await UpgradedAsync();
        await database.ExecuteAsync($"ALTER TABLE posts DROP CONSTRAINT posts_user_id_fkey, ADD CONSTRAINT posts_user_id_fkey FOREIGN KEY (user_id) REFERENCES users {clause}");
        var finding = await database.SingleAsync(FindingCodes.Drift);
        Assert.Equal(severity, finding.Severity);
        Assert.Contains("ON DELETE CASCADE, and it is FOREIGN KEY", finding.Message, StringComparison.Ordinal);
        Assert.EndsWith($"{clause} now", finding.Message, StringComparison.Ordinal);

        if (finding.Repair == "expunge upgrade") Assert.True((await database.UpgradeAsync(VerifyDatabase.Users)).Succeeded);
        else await database.ExecuteAsync(finding.Repair);
        Assert.Empty((await database.ReadAsync()).Findings);
    }

    [Fact]
    public async Task A_constraint_under_another_name_that_does_something_else_is_named()
    {
        await using var database = await UpgradedAsync();
        await database.ExecuteAsync("ALTER TABLE posts DROP CONSTRAINT posts_user_id_fkey, ADD CONSTRAINT mine FOREIGN KEY (user_id) REFERENCES users");
        var finding = await database.SingleAsync(FindingCodes.Drift);
        Assert.Equal(FindingSeverity.Error, finding.Severity);
        Assert.Contains("it is gone; mine is there as FOREIGN KEY", finding.Message, StringComparison.Ordinal);

        await database.ExecuteAsync(finding.Repair[..finding.Repair.IndexOf("  then  ", StringComparison.Ordinal)]);
        Assert.True((await database.UpgradeAsync(VerifyDatabase.Users)).Succeeded);
        Assert.Empty((await database.ReadAsync()).Findings);
    }

    [Fact]
    public async Task A_duplicate_that_came_back_is_dropped_again()
    {
        await using var database = await UpgradedAsync("ALTER TABLE posts ADD CONSTRAINT duplicate FOREIGN KEY (user_id) REFERENCES users");
        await database.ExecuteAsync("ALTER TABLE posts ADD CONSTRAINT posts_user_id_fkey FOREIGN KEY (user_id) REFERENCES users ON DELETE CASCADE");
        var finding = await database.SingleAsync(FindingCodes.Drift);
        Assert.Contains("dropped posts_user_id_fkey, a duplicate, and it is there again", finding.Message, StringComparison.Ordinal);

        await database.ExecuteAsync(finding.Repair);
        Assert.Empty((await database.ReadAsync()).Findings);
    }

    [Fact]
    public async Task An_index_that_is_gone_is_a_warning_unless_another_serves()
    {
        await using var database = await UpgradedAsync();
        await database.ExecuteAsync("DROP INDEX ix_posts_user_id");
        var finding = await database.SingleAsync(FindingCodes.Drift);
        Assert.Equal(
            (FindingSeverity.Warning, "posts", "revision 001 built the index ix_posts_user_id on user_id, and it is gone", "expunge upgrade"), (finding.Severity, finding.Object, finding.Message, finding.Repair));

        await database.ExecuteAsync("CREATE INDEX wider ON posts (user_id, id)");
        Assert.Empty((await database.ReadAsync()).Findings);
        await database.ExecuteAsync("DROP INDEX wider; CREATE INDEX ix_posts_user_id ON posts (id)");
        Assert.EndsWith("and it is now on id", (await database.SingleAsync(FindingCodes.Drift)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_renamed_table_is_named_and_a_dropped_one_is_nobodys_loss()
    {
        await using var database = await UpgradedAsync();
        await database.ExecuteAsync("ALTER TABLE posts RENAME TO articles");
        var finding = Assert.Single((await database.ReadAsync()).Findings);
        Assert.Equal((FindingSeverity.Warning, "articles.user_id"), (finding.Severity, finding.Object));
        Assert.Contains("this table has it now: it was renamed", finding.Message, StringComparison.Ordinal);

        await database.ExecuteAsync("DROP TABLE articles");
        Assert.Empty((await database.ReadAsync()).Findings);
    }

    [Fact]
    public async Task What_a_downgrade_took_back_is_no_drift()
    {
        await using var database = await UpgradedAsync();
        Assert.True((await database.DowngradeAsync()).Succeeded);
        Assert.DoesNotContain(FindingCodes.Drift, await database.CodesAsync());
    }

    [Fact]
    public async Task Another_roots_revision_is_not_looked_at()
    {
        await using var database = await UpgradedAsync();
        await database.ExecuteAsync("CREATE TABLE teams (id int PRIMARY KEY); ALTER TABLE posts DROP CONSTRAINT posts_user_id_fkey");
        Assert.Empty((await database.ReadAsync(new Expunge.Policy.PolicyFile { Root = new Expunge.Postgres.QualifiedName("public", "teams") })).Findings);
    }

    [Fact]
    public async Task A_partitioned_tables_constraint_and_its_statements_are_those_of_the_version()
    {
        await using var database = new TestDatabase(await TestServer.EmptyAsync());
        await database.ExecuteAsync(
            """
            CREATE TABLE users (id int PRIMARY KEY);
            CREATE TABLE events (id int, user_id int REFERENCES users) PARTITION BY LIST (id);
            CREATE TABLE events_1 PARTITION OF events FOR VALUES IN (1);
            """);
        Assert.True((await database.UpgradeAsync(VerifyDatabase.Users)).Succeeded);
        Assert.Empty((await database.ReadAsync()).Findings);
        await database.ExecuteAsync("ALTER TABLE events DROP CONSTRAINT events_user_id_fkey");
        await database.ExecuteAsync((await database.SingleAsync(FindingCodes.Drift)).Repair);
        Assert.Empty((await database.ReadAsync()).Findings);
    }

    [Theory]
    [InlineData("COMMENT ON CONSTRAINT posts_user_id_fkey ON posts IS 'of others'")]
    [InlineData("COMMENT ON CONSTRAINT posts_user_id_fkey ON posts IS NULL")]
    [InlineData("ALTER TABLE posts DROP CONSTRAINT posts_user_id_fkey")]
    public async Task A_comment_is_brought_back_too(string change)
    {
        await using var database = await UpgradedAsync("COMMENT ON CONSTRAINT posts_user_id_fkey ON posts IS 'ours'");
        await database.ExecuteAsync(change);
        await database.ExecuteAsync((await database.SingleAsync(FindingCodes.Drift)).Repair);
        Assert.Empty((await database.ReadAsync()).Findings);
    }

    [Fact]
    public async Task A_changed_comment_is_all_that_is_changed_back()
    {
        await using var database = await UpgradedAsync();
        await database.ExecuteAsync("COMMENT ON CONSTRAINT posts_user_id_fkey ON posts IS 'of others'");
        Assert.Equal("COMMENT ON CONSTRAINT \"posts_user_id_fkey\" ON \"public\".\"posts\" IS NULL;", (await database.SingleAsync(FindingCodes.Drift)).Repair);
    }

    [Fact]
    public async Task An_index_on_a_column_that_was_dropped_is_nobodys_loss()
    {
        await using var database = await UpgradedAsync();
        await database.ExecuteAsync("ALTER TABLE posts DROP COLUMN user_id");
        Assert.Empty((await database.ReadAsync()).Findings);
    }

    [Fact]
    public async Task A_constraint_that_was_dropped_with_the_column_that_it_refers_to_is_nobodys_loss()
    {
        await using var database = await UpgradedAsync("ALTER TABLE posts ADD number int UNIQUE; CREATE TABLE comments (post int NOT NULL REFERENCES posts (number))");
        await database.ExecuteAsync("ALTER TABLE posts DROP COLUMN number CASCADE");
        Assert.DoesNotContain((await database.ReadAsync()).Findings, f => f.Object == "comments.post");
    }

    [Theory]
    [InlineData("")]
    [InlineData("; CREATE INDEX ix_posts_user_id ON posts (id)")]
    public async Task An_index_that_the_policy_does_not_need_any_more_is_made_anew_by_the_statements_that_are_named(string instead)
    {
        await using var database = await UpgradedAsync();
        await database.ExecuteAsync($"ALTER TABLE posts DROP CONSTRAINT posts_user_id_fkey; DROP INDEX ix_posts_user_id{instead}");
        foreach (var finding in (await database.ReadAsync()).Findings.Where(f => f.Object == "posts"))
        {
            foreach (var statement in finding.Repair.Split("; ")) await database.ExecuteAsync(statement);
        }

        Assert.Equal(["posts.user_id"], (await database.ReadAsync()).Findings.Select(f => f.Object));
    }

    [Fact]
    public async Task The_index_of_a_partitioned_table_is_made_anew_by_the_statement_that_is_named()
    {
        await using var database = await VerifyDatabase.CreateAsync(
            """
            CREATE TABLE users (id int PRIMARY KEY);
            CREATE TABLE events (id int, user_id int REFERENCES users) PARTITION BY LIST (id);
            CREATE TABLE events_1 PARTITION OF events FOR VALUES IN (1);
            """);
        Assert.True((await database.UpgradeAsync(VerifyDatabase.Users)).Succeeded);
        await database.ExecuteAsync("ALTER TABLE events DROP CONSTRAINT events_user_id_fkey; DROP INDEX ix_events_user_id");
        await database.ExecuteAsync((await database.ReadAsync()).Findings.Single(f => f.Object == "events").Repair);
        Assert.DoesNotContain((await database.ReadAsync()).Findings, f => f.Object == "events");
    }

    [Theory]
    [InlineData("ALTER TABLE comments RENAME post_id TO article_id")]
    [InlineData("ALTER TABLE posts RENAME TO articles")]
    [InlineData("CREATE SCHEMA elsewhere; ALTER TABLE posts SET SCHEMA elsewhere; ALTER TABLE elsewhere.posts RENAME TO articles")]
    [InlineData("ALTER TABLE posts RENAME id TO number")]
    public async Task What_was_renamed_asks_for_its_former_name(string rename)
    {
        await using var database = await UpgradedAsync("CREATE TABLE comments (id int PRIMARY KEY, post_id int NOT NULL REFERENCES posts)");
        await database.ExecuteAsync(rename);
        foreach (var finding in (await database.ReadAsync()).Findings.Where(f => f.Code == FindingCodes.Drift).DistinctBy(f => f.Repair)) await database.ExecuteAsync(finding.Repair.Split("  or a new revision")[0]);
        Assert.Empty((await database.ReadAsync()).Findings);
    }

    private static async Task<TestDatabase> UpgradedAsync(string more = "")
    {
        var database = await VerifyDatabase.CreateAsync($"CREATE TABLE users (id int PRIMARY KEY); CREATE TABLE posts (id int PRIMARY KEY, user_id int NOT NULL REFERENCES users); {more}");
        Assert.True((await database.UpgradeAsync(VerifyDatabase.Users)).Succeeded);
        return database;
    }
}
