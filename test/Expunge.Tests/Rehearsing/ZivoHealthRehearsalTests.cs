using Expunge.Policy;
using Expunge.Probing;
using Expunge.Testing;
using Xunit;

namespace Expunge.Tests.Rehearsing;

public sealed class ZivoHealthRehearsalTests
{
    private static readonly PolicyFile Policy = PolicyReader.Read(ZivoHealth.Deployment.Policy, null);

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Its_schema_goes_the_whole_way(bool legacy)
    {
        var report = await RehearsalTests.RehearseAsync(ZivoHealth.Deployment.Schema(legacy), Policy);

        Assert.True(report.Ok, RehearsalTests.Text(report));
        Assert.StartsWith("All", report.Steps[^1].Summary, StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public async Task Among_its_rows_every_reference_is_probed_and_every_row_stays()
    {
        await using var database = new TestDatabase(await TestServer.ZivoHealthAsync());
        Assert.True((await database.UpgradeAsync(Policy)).Succeeded);
        var before = await database.CountAsync();

        var report = await Probe.RunAsync(database.Database, Policy, cancellation: TestContext.Current.CancellationToken);

        Assert.True(report is { Ok: true, Complete: true }, report.Refusal);
        Assert.Equal(131, report.Lines.Length);
        Assert.All(report.Lines, l => Assert.Equal((ProbeState.Proved, true), (l.State, l.Rows > 0)));
        Assert.Equal(before, await database.CountAsync());
    }
}
