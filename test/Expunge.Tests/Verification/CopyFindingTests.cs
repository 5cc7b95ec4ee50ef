using Expunge.Verification;
using Xunit;

namespace Expunge.Tests.Verification;

public sealed class CopyFindingTests
{
    private const string Tables =
        """
        CREATE TABLE users (id int PRIMARY KEY, name text);
        CREATE TABLE posts (id int PRIMARY KEY, user_id int NOT NULL REFERENCES users ON DELETE CASCADE);
        CREATE INDEX ON posts (user_id);
        CREATE TABLE prices (id int PRIMARY KEY);
        """;

    [Fact]
    public async Task A_materialized_view_that_reads_a_table_of_the_reach_keeps_copies_until_it_is_refreshed()
    {
        await using var database = await VerifyDatabase.CreateAsync($"{Tables} INSERT INTO users VALUES (1, 'one'); INSERT INTO posts VALUES (1, 1); CREATE MATERIALIZED VIEW post_list AS SELECT p.id, u.name FROM posts p JOIN users u ON u.id = p.user_id");
        var finding = Assert.Single((await database.ReadAsync()).Findings);
        Assert.Equal(
            (FindingCodes.Copies, FindingSeverity.Warning, "post_list", "this materialized view keeps copies of deleted rows of posts, users until it is refreshed", "after deletions:  REFRESH MATERIALIZED VIEW \"public\".\"post_list\";"),
            (finding.Code, finding.Severity, finding.Object, finding.Message, finding.Repair));

        await database.DeleteAsync(VerifyDatabase.Users, "1");
        Assert.Equal(1, await database.ScalarAsync<long>("SELECT count(*) FROM post_list"));
        await database.ExecuteAsync(Statements(finding));
        Assert.Equal(0, await database.ScalarAsync<long>("SELECT count(*) FROM post_list"));
    }

    [Fact]
    public async Task It_is_refreshed_concurrently_where_a_unique_index_allows_that()
    {
        await using var database = await VerifyDatabase.CreateAsync(
            $"""
            {Tables}
            CREATE MATERIALIZED VIEW a AS SELECT id, name FROM users; CREATE UNIQUE INDEX ON a (id);
            CREATE MATERIALIZED VIEW b AS SELECT id, name FROM users; CREATE UNIQUE INDEX ON b (id) WHERE id > 0; CREATE UNIQUE INDEX ON b (lower(name)); CREATE INDEX ON b (id);
            """);
        var findings = (await database.ReadAsync()).Findings;
        Assert.Equal(["after deletions:  REFRESH MATERIALIZED VIEW CONCURRENTLY \"public\".\"a\";", "after deletions:  REFRESH MATERIALIZED VIEW \"public\".\"b\";"], findings.Select(f => f.Repair));
        foreach (var finding in findings) await database.ExecuteAsync(Statements(finding));
    }

    [Fact]
    public async Task It_is_found_through_views_of_either_kind_and_those_are_refreshed_first()
    {
        await using var database = await VerifyDatabase.CreateAsync(
            $"""
            {Tables}
            CREATE VIEW plain AS SELECT id, name FROM users;
            CREATE VIEW plainer AS SELECT * FROM plain;
            CREATE MATERIALIZED VIEW zeroth AS SELECT * FROM plainer;
            CREATE MATERIALIZED VIEW first AS SELECT * FROM zeroth JOIN prices USING (id);
            CREATE MATERIALIZED VIEW "Last one" AS SELECT first.id FROM first, zeroth;
            """);
        var findings = (await database.ReadAsync()).Findings;
        Assert.Equal(["Last one", "first", "zeroth"], findings.Select(f => f.Object));
        Assert.All(findings, f => Assert.Contains("rows of users until", f.Message, StringComparison.Ordinal));
        Assert.Equal(
            "after deletions:  REFRESH MATERIALIZED VIEW \"public\".\"zeroth\"; REFRESH MATERIALIZED VIEW \"public\".\"first\"; REFRESH MATERIALIZED VIEW \"public\".\"Last one\";", findings[0].Repair);
    }

    [Fact]
    public async Task One_that_reads_a_partition_copies_rows_of_the_partitioned_table()
    {
        await using var database = await VerifyDatabase.CreateAsync(
            $"""
            {Tables}
            CREATE TABLE events (id int, user_id int REFERENCES users ON DELETE CASCADE) PARTITION BY LIST (id);
            CREATE TABLE events_1 PARTITION OF events FOR VALUES IN (1);
            CREATE INDEX ON events (user_id);
            CREATE MATERIALIZED VIEW ones AS SELECT * FROM events_1;
            """);
        Assert.Equal("ones", Assert.Single((await database.ReadAsync()).Findings).Object);
    }

    [Fact]
    public async Task One_that_is_not_filled_or_reads_something_else_keeps_no_copies()
    {
        await using var database = await VerifyDatabase.CreateAsync(
            $"{Tables} CREATE MATERIALIZED VIEW empty AS SELECT * FROM users WITH NO DATA; CREATE MATERIALIZED VIEW other AS SELECT * FROM prices; CREATE VIEW live AS SELECT * FROM users");
        Assert.Empty((await database.ReadAsync()).Findings);
    }

    private static string Statements(Finding finding) => finding.Repair["after deletions:  ".Length..];
}
