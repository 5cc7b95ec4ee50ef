using Expunge.Deletion;
using Expunge.Policy;
using Expunge.Tests.Revisions;
using Xunit;

namespace Expunge.Tests.Deletion;

/// <summary>What a deletion says beforehand.</summary>
public sealed class DeletionPlannerTests
{
    [Fact]
    public async Task Of_few_every_row_is_counted_and_the_deletion_does_what_the_plan_says()
    {
        await using var database = await CreateAsync();

        var plan = await PlanAsync(database, ["1", "2", "02", "77"]);
        var result = await database.DeleteAsync(Blog.Policy, "1", "2");

        Assert.Equal((2L, 1L, true), (plan.Subjects, plan.NotFound, plan.IsExact));
        Assert.Equal(["77"], plan.FirstNotFound);
        Assert.Equal(result.Lines, plan.Lines);
        Assert.Equal((result.TotalDeleted, 0L), (plan.TotalDeleted, plan.TotalUpdated));
        Assert.Empty(plan.Refusals);
    }

    [Fact]
    public async Task Of_many_a_sample_is_counted_and_multiplied_and_whales_are_named_apart()
    {
        await using var database = await CreateAsync(
            """
            INSERT INTO users (id) SELECT n FROM generate_series(1000, 1999) n;
            INSERT INTO posts (id, user_id) SELECT n, 1000 + n % 1000 FROM generate_series(10000, 12999) n;
            INSERT INTO posts (id, user_id) SELECT n, 1500 FROM generate_series(100000, 124999) n;
            ANALYZE;
            """);

        var plan = await PlanAsync(database, Enumerable.Range(1000, 1001).Select(n => $"{n}"));

        Assert.Equal((1000L, 1L, false, DeletionPlanner.MostCounted), (plan.Subjects, plan.NotFound, plan.IsExact, plan.Counted.Subjects.Length));
        Assert.Equal([("users", 999L), ("posts", 3 * 999L)], plan.Lines.Select(l => (l.Table, l.Deleted)));
        var whale = Assert.Single(plan.Whales);
        Assert.Equal("1500", whale.Key);
        Assert.InRange(whale.Rows, 24_000, 26_000);
        Assert.DoesNotContain("1500", plan.Counted.Subjects);
    }

    [Fact]
    public async Task What_would_refuse_it_or_happen_beside_it_is_named_with_the_remedy()
    {
        var policy = PolicyReader.Read("root: users\nmax_subjects: 2\nsoft_references: { audit.who: delete }\nreferences: { invoices.user_id: { action: retain, reason: tax law } }", null);
        await using var database = await CreateAsync(
            """
            CREATE TABLE audit (who varchar); INSERT INTO audit VALUES ('1');
            CREATE TABLE invoices (user_id integer REFERENCES users); INSERT INTO invoices VALUES (1); CREATE INDEX ON invoices (user_id);
            CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN OLD; END';
            CREATE TRIGGER mine BEFORE DELETE OR UPDATE ON posts FOR EACH ROW EXECUTE FUNCTION f();
            CREATE TRIGGER not_this BEFORE UPDATE ON users FOR EACH ROW EXECUTE FUNCTION f();
            """,
            PolicyReader.Read("root: users\nreferences: { invoices.user_id: keep }", null));

        var plan = await PlanAsync(database, ["1", "2", "3"], policy);

        Assert.Equal("""CREATE INDEX CONCURRENTLY ON "public"."audit" ("who");""", Assert.Single(plan.MissingIndexes).Sql);
        Assert.Equal(new Blocker("invoices.user_id", 1, "tax law"), Assert.Single(plan.Counted.Blockers));
        Assert.Equal(new RetainedReference("invoices.user_id", "tax law"), Assert.Single(plan.Retained));
        Assert.Equal(["posts.mine (DELETE)"], plan.Triggers);
        Assert.Equal(["audit.who"], plan.SoftReferences);
        Assert.Equal([ErrorCodes.TooManySubjects, ErrorCodes.MissingIndex], plan.Refusals.Select(r => r.Code));
        Assert.Equal(ErrorCodes.MissingIndex, (await Assert.ThrowsAsync<ExpungeException>(() => Deletions.CreateAsync(database.Database, policy, Request(["1"])))).Code);

        await database.ExecuteAsync(plan.MissingIndexes[0].Sql);
        Assert.Equal(ErrorCodes.TooManySubjects, (await Assert.ThrowsAsync<ExpungeException>(() => Deletions.CreateAsync(database.Database, policy, Request(["1", "2", "3"])))).Code);
        Assert.Empty(await Deletions.ListAsync(database.Database));
        Assert.Equal(3, (await Deletions.CreateAsync(database.Database, policy, Request(["1", "2", "3"]) with { AllowMany = true })).Job.Subjects.Total);
        Assert.Equal([ErrorCodes.DeletionBlocked], (await PlanAsync(database, ["1"], policy)).Refusals.Select(r => r.Code));
    }

    [Fact]
    public async Task One_subject_is_explained_by_each_reference()
    {
        var policy = PolicyReader.Read("root: users\nsoft_references: { likes.post: delete }\nreferences: { posts.reader_id: set null, posts.user_id: cascade, likes.user_id: cascade }", null);
        await using var database = await Blog.CreateAsync("ALTER TABLE posts ADD reader_id integer REFERENCES users; UPDATE posts SET reader_id = 1 WHERE id IN (11, 21); UPDATE likes SET post = '1' WHERE user_id = 2; CREATE INDEX ON likes (post);");
        Assert.True((await database.UpgradeAsync(policy)).Succeeded);

        var explained = await Estimator.ExplainAsync(database.Database, policy, "01");

        Assert.Equal(
            [
                new("users", null, 1, "delete", "users"), new("likes", "post", 1, "delete", "likes (no foreign key)"), new("likes", "user_id", 1, "cascade", "likes → users"),
                new("posts", "reader_id", 2, "set null", "posts → users"), new("posts", "user_id", 2, "cascade", "posts → users"), new("comments", "post_id", 2, "cascade", "comments → posts → users"),
            ],
            explained);
        Assert.Empty(await Estimator.ExplainAsync(database.Database, policy, "99"));
    }

    [Fact]
    public async Task A_plan_needs_no_more_than_the_right_to_read()
    {
        await using var database = await CreateAsync("DROP ROLE IF EXISTS plan_reader; CREATE ROLE plan_reader LOGIN PASSWORD 'reader'; GRANT SELECT ON ALL TABLES IN SCHEMA public TO plan_reader; REVOKE TEMPORARY ON DATABASE CURRENT_DB FROM PUBLIC;");
        await using var reader = new TestDatabase(new Npgsql.NpgsqlConnectionStringBuilder(database.ConnectionString) { Username = "plan_reader", Password = "reader" }.ConnectionString);

        Assert.Equal(1 + 2 + 2 + 1, (await PlanAsync(reader, ["1"])).TotalDeleted);
    }

    private static async Task<TestDatabase> CreateAsync(string more = "", PolicyFile? policy = null)
    {
        var database = await Blog.CreateAsync();
        if (more.Length > 0) await database.ExecuteAsync(more.Replace("CURRENT_DB", new Npgsql.NpgsqlConnectionStringBuilder(database.ConnectionString).Database, StringComparison.Ordinal));
        Assert.True((await database.UpgradeAsync(policy ?? Blog.Policy)).Succeeded);
        return database;
    }

    private static DeletionRequest Request(IEnumerable<string> ids) => new() { Ids = ids.ToAsyncEnumerable() };

    private static Task<DeletionPlan> PlanAsync(TestDatabase database, IEnumerable<string> ids, PolicyFile? policy = null) => DeletionPlanner.PlanAsync(database.Database, policy ?? Blog.Policy, Request(ids));
}
