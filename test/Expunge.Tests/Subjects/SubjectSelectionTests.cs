using Expunge.Policy;
using Expunge.Subjects;
using Expunge.Tests.Revisions;
using Xunit;

namespace Expunge.Tests.Subjects;

/// <summary>Subjects chosen by a condition on the root, or by their mark.</summary>
public sealed class SubjectSelectionTests
{
    [Theory]
    [InlineData("id < 3", "1,2")]
    [InlineData("name = 'user 2' OR id = 3 -- the last", "2,3")]
    [InlineData("true) OR (false", "1,2,3")]
    [InlineData("name LIKE 'user%' AND id IN (1, 3)", "1,3")]
    [InlineData("now() > '2020-01-01'", "1,2,3")]
    [InlineData("false", "")]
    [InlineData("upper(name) = ANY ('{USER 1}')", "1")]
    public async Task A_condition_on_the_root_chooses(string condition, string expected)
    {
        await using var database = await Blog.CreateAsync();

        Assert.Equal(expected, string.Join(',', await SubjectSelection.WhereAsync(database.Database, Blog.Policy, condition)));
    }

    [Theory]
    [InlineData("")]
    [InlineData("id")]
    [InlineData("id = 'x'")]
    [InlineData("nosuch = 1")]
    [InlineData("id = $1")]
    [InlineData("id = 1; DELETE FROM users")]
    [InlineData("true); DELETE FROM users; SELECT (true")]
    [InlineData("true); COMMIT; DELETE FROM users; SELECT (true")]
    [InlineData("true) LIMIT (1")]
    [InlineData("true) ORDER BY (id")]
    [InlineData("true) GROUP BY (id")]
    [InlineData("true) FOR UPDATE OF t; --")]
    [InlineData("false) UNION ALL (SELECT '3'")]
    [InlineData("false) UNION ALL (SELECT id::text FROM users WHERE true")]
    [InlineData("false) UNION (SELECT id::text FROM users WHERE true")]
    [InlineData("id IN (SELECT user_id FROM posts)")]
    [InlineData("id IN (SELECT id FROM users)")]
    [InlineData("EXISTS (SELECT FROM posts WHERE user_id = t.id)")]
    [InlineData("(SELECT count(*) FROM posts) > 0")]
    [InlineData("id = (SELECT max(id) FROM users)")]
    [InlineData("generate_series(1, 3) = 1")]
    [InlineData("count(*) > 0")]
    [InlineData("/* true")]
    [InlineData("true) THEN 1 END FROM users t, posts WHERE CASE WHEN (true")]
    [InlineData("set_config('expunge.x', nextval('s')::text, false) IS NOT NULL")]
    public async Task What_is_more_or_less_than_a_condition_on_the_root_is_refused(string condition)
    {
        await using var database = await Blog.CreateAsync("CREATE SEQUENCE s;");

        var refused = await Assert.ThrowsAsync<ExpungeException>(() => SubjectSelection.WhereAsync(database.Database, Blog.Policy, condition));

        Assert.Equal(ErrorCodes.BadCondition, refused.Code);
        Assert.Equal((3L, 6L), (await database.ScalarAsync<long>("SELECT count(*) FROM users"), await database.ScalarAsync<long>("SELECT count(*) FROM posts")));
    }

    [Fact]
    public async Task A_partitioned_root_is_read_with_its_partitions()
    {
        await using var database = await Blog.CreateAsync(
            "CREATE TABLE people (id integer PRIMARY KEY, age integer) PARTITION BY RANGE (id); CREATE TABLE people_1 PARTITION OF people FOR VALUES FROM (0) TO (10); CREATE TABLE people_2 PARTITION OF people FOR VALUES FROM (10) TO (20); INSERT INTO people SELECT n, n FROM generate_series(1, 19) n;");

        Assert.Equal(["9", "10", "11"], await SubjectSelection.WhereAsync(database.Database, PolicyReader.Read("root: people", null), "age BETWEEN 9 AND 11"));
    }

    [Theory]
    [InlineData("timestamptz")]
    [InlineData("timestamp")]
    [InlineData("date")]
    public async Task Who_is_marked_is_chosen_when_the_grace_period_is_over_and_never_earlier(string type)
    {
        await using var database = await Blog.CreateAsync(
            $"""
            ALTER TABLE users ADD gone boolean, ADD since {type};
            UPDATE users SET gone = true, since = now() - interval '49 hours' WHERE id = 1;
            UPDATE users SET gone = true, since = now() - interval '23 hours' WHERE id = 2;
            UPDATE users SET gone = false, since = now() - interval '90 days' WHERE id = 3;
            INSERT INTO users (id, gone) VALUES (4, true);
            """);
        const string Columns = "root: users\ncolumns: { is_tobe_deleted: gone, delete_date: since }\n";

        Assert.Equal(["1"], await SubjectSelection.MarkedAsync(database.Database, PolicyReader.Read($"{Columns}grace_period: 1d", null)));
        Assert.Equal(["1", "2", "4"], await SubjectSelection.MarkedAsync(database.Database, PolicyReader.Read(Columns, null)));
    }

    [Fact]
    public async Task A_grace_period_needs_a_date()
    {
        await using var database = await Blog.CreateAsync("ALTER TABLE users ADD gone boolean;");

        Assert.Equal(ErrorCodes.NoMarkColumn, (await Assert.ThrowsAsync<ExpungeException>(() => SubjectSelection.MarkedAsync(database.Database, PolicyReader.Read("root: users\ngrace_period: 1d\ncolumns: { is_tobe_deleted: gone }", null)))).Code);
        Assert.Equal(ErrorCodes.NoMarkColumn, (await Assert.ThrowsAsync<ExpungeException>(() => SubjectSelection.MarkedAsync(database.Database, Blog.Policy))).Code);
    }
}
