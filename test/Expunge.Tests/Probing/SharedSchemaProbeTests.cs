using Expunge.Postgres;
using Expunge.Probing;
using Expunge.Testing;
using Expunge.Tests.Schemas;
using Xunit;

namespace Expunge.Tests.Probing;

/// <summary>On the schemas of real applications, without a row in them, the probe reaches everything and leaves nothing.</summary>
public sealed class SharedSchemaProbeTests
{
    public static TheoryData<string> Names => [.. SharedSchemas.Names.DefaultIfEmpty("none")];

    [Theory, MemberData(nameof(Names))]
    public async Task Every_reference_of_the_reach_is_probed_and_nothing_stays(string name)
    {
        if (SharedSchemas.Missing() is { } reason) Assert.Skip(reason);
        await using var database = new TestDatabase(await TestServer.EmptyAsync());
        await SharedSchemas.BuildAsync(name, database.ConnectionString, checks: true);
        var policy = await database.InitAsync(QualifiedName.Parse(SharedSchemas.Root(name)));
        Assert.True((await database.UpgradeAsync(policy)).Succeeded);

        var report = await Probe.RunAsync(database.Database, policy, standIns: true, cancellation: TestContext.Current.CancellationToken);

        Assert.Equal("", string.Join('\n', report.Lines.Where(l => l.State is ProbeState.Failed or ProbeState.NotProbed).Select(l => $"{l.Table}.{l.Columns} {l.State}: {l.Outcome}").Concat(report.Lost)));
        Assert.True(report is { Ok: true, Complete: true }, report.Refusal);
        Assert.All(await database.CountAsync(), c => Assert.Equal(0, c.Value));
    }
}
