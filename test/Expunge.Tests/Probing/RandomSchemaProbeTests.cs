using CsCheck;
using Expunge.Postgres;
using Expunge.Probing;
using Expunge.Testing;
using Expunge.Tests.Schemas;
using Npgsql;
using Xunit;

namespace Expunge.Tests.Probing;

/// <summary>On schemas that nobody thought of, with their six rows a table.</summary>
public sealed class RandomSchemaProbeTests(ITestOutputHelper output)
{
    [Fact]
    public async Task Any_schema_is_probed_wholly_and_does_what_the_policy_says()
    {
        var version = await TestServer.MajorVersionAsync();
        await RandomSchema.Gen.Select(s => s.Plain).HoldAsync(schema => RunAsync(schema, version), cases: 8, version, output);
    }

    private static async Task RunAsync(RandomSchema schema, int version)
    {
        await using var database = new TestDatabase(await TestServer.EmptyAsync());
        await database.ExecuteAsync(schema.Sql(version));
        var policy = await database.InitAsync(schema.Tables[0].Name);
        Assert.True((await database.UpgradeAsync(policy)).Succeeded);
        var before = await database.CountAsync();

        var report = await Probe.RunAsync(database.Database, policy, standIns: true, cancellation: TestContext.Current.CancellationToken);

        // References that can't be NULL in a circle, and not deferrable: no row can ever be the first.
        var wrong = report.Lines.Where(l => l.State is ProbeState.Failed || (l.State == ProbeState.NotProbed && !l.Outcome.Contains("violates foreign key", StringComparison.Ordinal) && l.Outcome != "there is no test user"));
        Assert.True(report.Ok && !wrong.Any(), string.Join('\n', report.Lines.Where(l => l.State is ProbeState.Failed or ProbeState.NotProbed).Select(l => $"{l.Table}.{l.Columns} {l.Action} {l.State}: {l.Outcome}").Concat(report.Lost).Append(report.Refusal)));
        Assert.Equal(before, await database.CountAsync());
        await TestServer.ExecuteAsync(new NpgsqlConnectionStringBuilder(database.ConnectionString) { Database = "postgres" }.ConnectionString, $"DROP DATABASE {Identifier.Quote(new NpgsqlConnectionStringBuilder(database.ConnectionString).Database!)} WITH (FORCE)");
    }
}
