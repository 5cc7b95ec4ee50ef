using Expunge.Policy;
using Expunge.Postgres;
using Expunge.Revisions;
using Expunge.Testing;
using Microsoft.EntityFrameworkCore;
using Npgsql;
using ZivoHealth;

namespace Expunge.Samples.EfCore;

/// <summary>Databases for the tests: ZivoHealth as it is, and after Expunge.</summary>
internal static class Clinic
{
    public static Task<string> AsItIsAsync() => TestServer.ZivoHealthAsync();

    /// <summary>Made once, then copied.</summary>
    public static Task<string> UpgradedAsync() => TestServer.CopyAsync("efcore_upgraded", async connection =>
    {
        await Deployment.CreateAsync(connection);
        await SampleData.FillAsync(connection, users: 40);
        await UpgradeAsync((await TestServer.Server).ConnectionStringTo(connection.Database));
    });

    public static DbContextOptions Options(string connectionString, StatementLog? log = null)
    {
        var options = new DbContextOptionsBuilder().UseNpgsql(new NpgsqlConnectionStringBuilder(connectionString) { Pooling = false }.ConnectionString);
        return log is null ? options.Options : options.AddInterceptors(log).Options;
    }

    // docs: upgrade
    public static async Task UpgradeAsync(string connectionString)
    {
        await using var database = new Database(new NpgsqlConnectionStringBuilder(connectionString));
        var policy = PolicyReader.Read(Deployment.Policy, path: null);
        var outcome = await Upgrade.ApplyAsync(database, policy, new UpgradeOptions());
        if (!outcome.Succeeded) throw new InvalidOperationException($"Revision {outcome.Revision} is {outcome.State}.");
    }

    // docs: end
}
