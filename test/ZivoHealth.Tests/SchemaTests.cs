using Xunit;

namespace ZivoHealth.Tests;

public sealed class SchemaTests(CurrentDeployment current, LegacyDeployment legacy) : IClassFixture<CurrentDeployment>, IClassFixture<LegacyDeployment>
{
    private const string ToUsers = "FROM pg_constraint WHERE contype = 'f' AND conparentid = 0 AND confrelid = 'users'::regclass";

    private static readonly string[] LegacyTables =
    [
        "user_health_conditions", "user_dietary_restrictions", "user_medications", "user_health_goals", "nutrition_logs", "mental_health_logs", "vitals", "vitals_aggregates",
        "vitals_categorized",
    ];

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Ninety_to_a_hundred_foreign_keys_lead_to_users(bool old) =>
        Assert.InRange(await Of(old).CountAsync($"SELECT count(*) {ToUsers}"), 90, 100);

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task The_policy_leaves_at_least_ninety_cascades_to_users(bool old)
    {
        // One of the two foreign keys on vitals_raw_data.user_id goes, and opentelemetry_traces gets one.
        var kept = Deployment.Policy.Split('\n').Count(line => line.Contains("_by: set ", StringComparison.Ordinal) || line.Contains("doctor_id: set null", StringComparison.Ordinal));
        Assert.Equal(9, kept);
        Assert.InRange(await Of(old).CountAsync($"SELECT count(*) - {kept} {ToUsers}"), 90, 100);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Constraint_names_are_unique_in_the_database(bool old) => Assert.Empty(await Of(old).NamesAsync(
        "SELECT conname::text FROM pg_constraint WHERE connamespace = 'public'::regnamespace AND contype <> 'n' AND conparentid = 0 AND coninhcount = 0 GROUP BY conname HAVING count(*) > 1"));

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Some_two_in_five_foreign_keys_have_no_index(bool old) => Assert.InRange(
        await Of(old).CountAsync(
            $"""
            SELECT 100 * count(*) FILTER (WHERE NOT EXISTS (SELECT FROM pg_index i WHERE i.indrelid = c.conrelid AND (i.indkey::int2[])[0:cardinality(c.conkey) - 1] @> c.conkey)) / count(*)
            FROM (SELECT * {ToUsers}) c
            """),
        30,
        50);

    [Fact]
    public async Task All_58_tables_of_the_document_exist()
    {
        var documented = (await OriginalTables()).Except(LegacyTables, StringComparer.Ordinal).ToList();
        Assert.Equal(58, documented.Count);
        Assert.Empty(documented.Except(await TablesAsync(current), StringComparer.Ordinal));
        Assert.Empty(documented.Except(await TablesAsync(legacy), StringComparer.Ordinal));
    }

    [Fact]
    public async Task The_legacy_tables_are_only_in_an_old_deployment()
    {
        Assert.Empty(LegacyTables.Intersect(await TablesAsync(current), StringComparer.Ordinal));
        Assert.Empty(LegacyTables.Except(await TablesAsync(legacy), StringComparer.Ordinal));
        Assert.DoesNotContain("wellness_points", await TablesAsync(legacy));
    }

    [Fact]
    public async Task References_go_at_least_three_tables_deep() => Assert.InRange(
        await current.CountAsync(
            """
            WITH RECURSIVE path AS (
                SELECT 'users'::regclass::oid AS relation, 0 AS depth
                UNION
                SELECT c.conrelid, depth + 1 FROM path JOIN pg_constraint c ON c.confrelid = relation AND c.contype = 'f' AND c.conparentid = 0 WHERE depth < 10 AND c.conrelid <> relation)
            SELECT max(depth) FROM (SELECT relation, min(depth) AS depth FROM path GROUP BY relation) shortest
            """),
        3,
        9);

    [Fact]
    public async Task Every_table_of_the_reach_and_every_soft_reference_is_in_the_policy()
    {
        var tables = await current.NamesAsync(
            """
            WITH RECURSIVE reach AS (
                SELECT 'users'::regclass::oid AS relation
                UNION
                SELECT c.conrelid FROM reach JOIN pg_constraint c ON c.confrelid = relation AND c.contype = 'f' AND c.conparentid = 0)
            SELECT relname::text FROM reach JOIN pg_class ON oid = relation WHERE relname <> 'users'
            """);
        var listed = Deployment.Policy[Deployment.Policy.IndexOf("\ntables:", StringComparison.Ordinal)..].Split(['\n', ' ', ',', '[', ']'], StringSplitOptions.RemoveEmptyEntries);
        Assert.Empty(tables.Except(listed, StringComparer.Ordinal));
    }

    [Fact]
    public async Task Every_reference_that_the_policy_names_exists()
    {
        var policy = Deployment.Policy;
        var names = policy[policy.IndexOf("\nreferences:", StringComparison.Ordinal)..policy.IndexOf("\nsoft_references:", StringComparison.Ordinal)].Split('\n')
            .Select(line => line.Trim())
            .Where(line => line.Contains(": ", StringComparison.Ordinal) && line[0] != '#')
            .Select(line => line[..line.IndexOf(':', StringComparison.Ordinal)]);
        var existing = await current.NamesAsync(
            """
            SELECT relname || '.' || CASE WHEN cardinality(conkey) = 1 THEN names ELSE '(' || names || ')' END
            FROM pg_constraint c
            JOIN pg_class r ON r.oid = conrelid,
            LATERAL (SELECT string_agg(attname, ', ' ORDER BY n) AS names FROM unnest(conkey) WITH ORDINALITY u (attnum, n) JOIN pg_attribute a ON a.attrelid = conrelid AND a.attnum = u.attnum) l
            WHERE contype = 'f' AND conparentid = 0
            """);
        Assert.Empty(names.Except(existing, StringComparer.Ordinal));
    }

    private DeploymentFixture Of(bool old) => old ? legacy : current;

    private static Task<IReadOnlyList<string>> TablesAsync(DeploymentFixture of) => of.NamesAsync("SELECT table_name::text FROM information_schema.tables WHERE table_schema = 'public'");

    private async Task<IReadOnlyList<string>> OriginalTables()
    {
        await using var transaction = await legacy.Connection.BeginTransactionAsync(TestContext.Current.CancellationToken);
        var lines = await OriginalMigration.RunAsync(legacy.Connection, transaction, TestContext.Current.CancellationToken);
        return [.. lines.Skip(1).SkipLast(1).Select(line => line.Split([' ', ':'], StringSplitOptions.RemoveEmptyEntries)[2])];
    }
}
