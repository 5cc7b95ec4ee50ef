using System.Text.RegularExpressions;
using Expunge.Policy;
using Expunge.Testing;
using Expunge.Verification;
using Xunit;

namespace Expunge.Tests.Verification;

public sealed class SoftSearchTests
{
    [Fact]
    public async Task On_ZivoHealth_it_finds_the_five_planted_columns_and_no_other()
    {
        await using var database = new TestDatabase(await TestServer.ZivoHealthAsync());
        var report = await database.SoftAsync(PolicyReader.Read(WithoutSoftReferences, null));
        Assert.Equal(
            ["strong api_request_logs.user_ref", "strong opentelemetry_traces.user_id", "strong search_queries.user_id", "likely agent_memory.external_user_id", "likely audit_events.actor_id"],
            report.Lines());
        Assert.All(report.Columns, c => Assert.True(c.IsProposed && c.RowsSampled > 0));
        Assert.Equal(["opentelemetry_traces.user_id", "search_queries.user_id"], report.Suspected());
        Assert.False(report.Ok);
    }

    [Fact]
    public async Task What_the_policy_declares_is_not_found_again()
    {
        await using var database = new TestDatabase(await TestServer.ZivoHealthAsync());
        var report = await database.SoftAsync(PolicyReader.Read(ZivoHealth.Deployment.Policy, null));
        Assert.Empty(report.Lines());
        Assert.Empty(report.Suspected());
        Assert.True(report.Ok);
    }

    [Fact]
    public async Task Among_the_legacy_tables_it_finds_the_same()
    {
        await using var database = new TestDatabase(await TestServer.ZivoHealthAsync(legacy: true));
        Assert.Equal(5, (await database.SoftAsync(PolicyReader.Read(WithoutSoftReferences, null))).Lines().Length);
    }

    [Fact]
    public async Task With_or_without_the_planners_statistics_it_finds_the_same()
    {
        await using var database = await ShopAsync("CREATE TABLE visits (id serial PRIMARY KEY, page integer, user_id integer); INSERT INTO visits (page, user_id) SELECT n * 3, 1 + n % 6 FROM generate_series(1, 400) n");
        Assert.Equal(["strong visits.user_id"], (await database.SoftAsync()).Lines());
        await database.ExecuteAsync("ANALYZE");
        Assert.Equal(["strong visits.user_id"], (await database.SoftAsync()).Lines());
        await database.ExecuteAsync("ALTER TABLE visits DROP user_id");
        Assert.Empty((await database.SoftAsync()).Lines());
    }

    [Fact]
    public async Task Of_a_large_table_some_pages_are_read()
    {
        await using var database = await ShopAsync("CREATE TABLE visits (user_id integer); INSERT INTO visits SELECT 1 + n % 6 FROM generate_series(1, 200000) n");
        var column = Assert.Single((await database.SoftAsync()).Columns);
        Assert.Equal(SoftLikelihood.Strong, column.Likelihood);
        Assert.InRange(column.RowsSampled, 1000, 60_000);
    }

    [Fact]
    public async Task Without_time_the_names_are_all_there_is_and_every_table_is_named()
    {
        await using var database = await ShopAsync("CREATE TABLE visits (user_id integer, editor_id integer, page integer); CREATE TABLE pages (size integer, views integer)");
        var report = await database.SoftAsync(Users, TimeSpan.Zero);
        Assert.Equal(["likely visits.user_id", "possible visits.editor_id"], report.Lines());
        Assert.Equal(["public.pages: not reached within the time", "public.visits: not reached within the time"], report.Unread.Select(u => $"{u.Table}: {u.Reason}"));
        Assert.False(report.Ok);
    }

    [Fact]
    public async Task A_locked_table_is_not_waited_for()
    {
        await using var database = await ShopAsync("CREATE TABLE visits (user_id integer)");
        await using var other = await TestServer.OpenAsync(database.ConnectionString);
        await using var transaction = await other.BeginTransactionAsync(TestContext.Current.CancellationToken);
        await using (var command = new Npgsql.NpgsqlCommand("LOCK TABLE visits", other)) await command.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
        var report = await database.SoftAsync();
        Assert.Equal(["likely visits.user_id"], report.Lines());
        Assert.Equal("locked by another transaction", Assert.Single(report.Unread).Reason);
    }

    [Fact]
    public async Task What_the_role_may_not_read_is_judged_by_name_and_named()
    {
        await using var database = await ShopAsync(
            """
            CREATE TABLE visits (user_id integer); CREATE TABLE hidden (user_id integer, reader_id integer); CREATE TABLE rowwise (user_id integer); CREATE TABLE partly (user_id integer, author_id integer);
            INSERT INTO visits SELECT id FROM users; INSERT INTO rowwise SELECT id FROM users; INSERT INTO partly SELECT id, id FROM users;
            ALTER TABLE rowwise ENABLE ROW LEVEL SECURITY;
            DO $$ BEGIN CREATE ROLE soft_reader LOGIN PASSWORD 'soft'; EXCEPTION WHEN duplicate_object THEN NULL; END $$;
            GRANT SELECT ON users, visits, rowwise TO soft_reader; GRANT SELECT (author_id) ON partly TO soft_reader;
            """);
        await using var asReader = new TestDatabase(new Npgsql.NpgsqlConnectionStringBuilder(database.ConnectionString) { Username = "soft_reader", Password = "soft" }.ConnectionString);
        var report = await asReader.SoftAsync();
        Assert.Equal(["strong visits.user_id", "likely hidden.user_id", "likely partly.user_id", "likely rowwise.user_id", "likely partly.author_id"], report.Lines());
        Assert.Equal(["public.hidden", "public.partly", "public.rowwise"], report.Unread.Select(u => $"{u.Table}"));
        Assert.All(report.Unread, u => Assert.Equal("this role may not read all of it", u.Reason));
    }

    [Fact]
    public async Task Without_the_right_to_read_the_root_there_is_nothing_to_compare_with()
    {
        await using var database = await ShopAsync(
            "CREATE TABLE visits (user_id integer); DO $$ BEGIN CREATE ROLE soft_stranger LOGIN PASSWORD 'soft'; EXCEPTION WHEN duplicate_object THEN NULL; END $$; GRANT SELECT ON visits TO soft_stranger");
        await using var asStranger = new TestDatabase(new Npgsql.NpgsqlConnectionStringBuilder(database.ConnectionString) { Username = "soft_stranger", Password = "soft" }.ConnectionString);
        Assert.Equal(ErrorCodes.MissingRight, (await Assert.ThrowsAsync<ExpungeException>(() => asStranger.SoftAsync())).Code);
    }

    [Fact]
    public async Task It_reads_only()
    {
        await using var database = await ShopAsync(
            """
            CREATE TABLE visits (id integer, user_id integer); INSERT INTO visits SELECT id, id FROM users;
            CREATE VIEW users_view AS SELECT * FROM visits; CREATE MATERIALIZED VIEW visits_mv AS SELECT user_id FROM visits
            """);
        await database.ExecuteAsync($"ALTER DATABASE {new Npgsql.NpgsqlConnectionStringBuilder(database.ConnectionString).Database} SET default_transaction_read_only = on");
        Assert.Equal(["strong visits.user_id"], (await database.SoftAsync()).Lines());
    }

    [Fact]
    public async Task A_root_without_rows_leaves_the_names()
    {
        await using var database = await ShopAsync("CREATE TABLE visits (user_id integer); INSERT INTO visits VALUES (1); TRUNCATE users CASCADE");
        var column = Assert.Single((await database.SoftAsync()).Columns);
        Assert.Equal("named for users; users has no rows to compare with", column.Evidence);
        Assert.Equal(SoftLikelihood.Likely, column.Likelihood);
    }

    [Fact]
    public async Task A_root_with_a_key_of_two_columns_is_refused()
    {
        await using var database = new TestDatabase(await TestServer.EmptyAsync());
        await database.ExecuteAsync("CREATE TABLE users (a integer, b integer, PRIMARY KEY (a, b)); CREATE TABLE visits (user_id integer)");
        Assert.Equal(ErrorCodes.RootNotFound, (await Assert.ThrowsAsync<ExpungeException>(() => database.SoftAsync())).Code);
        Assert.Empty(SoftCandidates.Suspected(Decisions.Of(await database.CatalogAsync(), Users)));
    }

    private static PolicyFile Users { get; } = new() { Root = new("public", "users") };

    private static string WithoutSoftReferences => Regex.Replace(ZivoHealth.Deployment.Policy, @"soft_references:\n(  .*\n)+", "");

    private static async Task<TestDatabase> ShopAsync(string sql)
    {
        var database = new TestDatabase(await TestServer.EmptyAsync());
        await database.ExecuteAsync($"CREATE TABLE users (id serial PRIMARY KEY, name text); INSERT INTO users (name) SELECT 'user ' || n FROM generate_series(1, 6) n; {sql}");
        return database;
    }
}
