using Expunge.Postgres;
using Expunge.Testing;
using Npgsql;
using Xunit;

namespace Expunge.Server.Tests.Workers;

public sealed class QuartzTablesTests
{
    private const string Columns =
        """
        SELECT replace(replace(c.relname, 'theirs_', ''), 'quartz_', '') || '.' || a.attname || ' ' || format_type(a.atttypid, a.atttypmod) || ' ' || a.attnotnull FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
         WHERE c.relnamespace = 'expunge'::regnamespace AND c.relname LIKE $1 AND a.attnum > 0 ORDER BY 1
        """;

    [Fact]
    public async Task The_tables_that_we_make_for_Quartz_are_those_that_this_version_of_it_makes()
    {
        var database = await TestServer.EmptyAsync();
        await using (var opened = new Database(new NpgsqlConnectionStringBuilder(database))) await ExpungeSchema.EnsureServerAsync(opened, cancellation: TestContext.Current.CancellationToken);
        await using var script = typeof(Quartz.IJob).Assembly.GetManifestResourceStream("Quartz.Impl.AdoJobStore.Schema.create_postgres.sql")!;
        using var reader = new StreamReader(script);
        var theirs = (await reader.ReadToEndAsync(TestContext.Current.CancellationToken)).Replace("{0}", "expunge.theirs_", StringComparison.Ordinal).Replace("{1}", "theirs_", StringComparison.Ordinal);
        await TestServer.ExecuteAsync(database, theirs);

        await using var connection = await TestServer.OpenAsync(database);
        var made = await connection.ListAsync(Columns, r => r.GetString(0), TestContext.Current.CancellationToken, "quartz%");
        var expected = await connection.ListAsync(Columns, r => r.GetString(0), TestContext.Current.CancellationToken, "theirs%");

        Assert.True(made.Count > 100);
        Assert.Equal(expected, made);
    }
}
