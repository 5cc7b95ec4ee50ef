using Expunge.Policy;
using Expunge.Revisions;
using Expunge.Testing;
using Xunit;

namespace Expunge.Tests.Revisions;

/// <summary>Revision 067 on ZivoHealth: there, back, there again.</summary>
public sealed class LifecycleTests
{
    private static readonly PolicyFile Policy = PolicyReader.Read(ZivoHealth.Deployment.Policy, null);

    [Fact]
    public async Task An_upgrade_makes_every_line_as_the_policy_says_and_a_second_one_finds_nothing_to_do()
    {
        await using var database = new TestDatabase(await TestServer.ZivoHealthAsync());

        var first = await database.UpgradeAsync(Policy);
        var after = await database.CatalogTextAsync();
        var report = await database.VerifyAsync(Policy);
        var second = await database.UpgradeAsync(Policy);

        Assert.Equal(RevisionState.Applied, first.State);
        Assert.All(report.Lines, l => Assert.True(l is { Ok: true, Indexed: true, Validated: true }, l.ToString()));
        Assert.True(report.Ok);
        Assert.All(report.Groups, g => Assert.Equal(g.Total, g.Ok));
        Assert.Equal(RevisionState.Applied, second.State);
        Assert.True(second.Plan.IsEmpty);
        await database.CatalogIsAsync(after);
        Assert.Equal(1, await database.ScalarAsync<long>("SELECT count(*) FROM expunge.revision"));
    }

    [Fact]
    public async Task A_downgrade_restores_every_definition_and_the_next_upgrade_makes_the_same_catalog()
    {
        await using var database = new TestDatabase(await TestServer.ZivoHealthAsync());
        var before = await database.CatalogTextAsync();
        await database.UpgradeAsync(Policy);
        var upgraded = await database.CatalogTextAsync();
        Assert.Contains("public.opentelemetry_traces constraint opentelemetry_traces_user_id_fkey: FOREIGN KEY (user_id) REFERENCES public.users(id) ON DELETE CASCADE validated=t", upgraded, StringComparison.Ordinal);
        Assert.Contains("public.healthkit_samples_default constraint", upgraded, StringComparison.Ordinal);

        var reverted = await database.DowngradeAsync();

        Assert.Equal(RevisionState.Reverted, reverted.State);
        await database.CatalogIsAsync(before);
        Assert.DoesNotContain("opentelemetry_traces_user_id_fkey", await database.CatalogTextAsync(), StringComparison.Ordinal);
        await database.UpgradeAsync(Policy);
        await database.CatalogIsAsync(upgraded);
        var history = await Journal.RevisionsAsync(database.Database);
        Assert.Equal([(RevisionState.Reverted, false), (RevisionState.Applied, true)], history.Select(r => (r.State, r.Steps > 0)));
    }

    [Fact]
    public async Task Legacy_tables_are_part_of_it_where_they_exist()
    {
        await using var database = new TestDatabase(await TestServer.ZivoHealthAsync(legacy: true));
        var before = await database.CatalogTextAsync();

        Assert.True((await database.UpgradeAsync(Policy)).Succeeded);
        var report = await database.VerifyAsync(Policy);
        Assert.True(report.Ok, string.Join('\n', report.Findings));
        Assert.Contains(report.Groups, g => g is { Title: "Legacy", Ok: 9, Total: 9 });

        await database.DowngradeAsync();
        await database.CatalogIsAsync(before);
    }
}
