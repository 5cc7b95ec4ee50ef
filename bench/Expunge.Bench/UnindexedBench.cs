using System.Diagnostics;
using Expunge.Policy;
using Expunge.Postgres;
using Expunge.Revisions;
using Npgsql;

namespace Expunge.Bench;

/// <summary>
/// 10 of 100 foreign keys have no index: each deleted user reads 10 tables to their ends. Users are deleted one by one as it is, and by Expunge, which refuses that: it builds the indexes first, and their time is its time.
/// </summary>
internal static class UnindexedBench
{
    private const int Unindexed = 10;

    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(4);

    public static async Task RunAsync(bool small)
    {
        var (perTable, users, rounds) = small ? (20_000, 200, 2) : (100_000, 1000, 3);
        await using var server = await BenchServer.StartAsync();
        await using var source = NpgsqlDataSource.Create(new NpgsqlConnectionStringBuilder(server.ConnectionString) { CommandTimeout = 0, MaxAutoPrepare = 200, AutoPrepareMinUsages = 1 });
        await HundredTables.CreateAsync(source, perTable, rowsPerTable: 1, Unindexed);
        Console.WriteLine($"\nPostgreSQL {server.Binaries.Version}; {users} users a round and way, {await HundredTables.RowsOfAsync(source, 1)} rows each, in 100 tables with {perTable:N0} rows each; {Unindexed} of the foreign keys without an index: {Unindexed * perTable:N0} rows to read for each user.");
        Console.WriteLine("\n| round | one by one, no indexes | Expunge: upgrade | Expunge: deletion | Expunge: both | × one by one |\n|---|---|---|---|---|---|");
        var ratios = new List<double>();
        var first = 1;
        for (var round = 0; round <= rounds; round++)
        {
            // Round 0 is to warm up, with few users.
            var each = round == 0 ? 10 : users;
            TimeSpan oneByOne = default, upgrade = default, deletion = default;
            var measured = 0;
            foreach (var way in Enumerable.Range(0, 2).Select(w => (w + round) % 2))
            {
                var ids = Enumerable.Range(first, each).ToArray();
                first += each;
                if (way == 0)
                {
                    (oneByOne, measured) = await OneByOneAsync(source, ids);
                    continue;
                }

                var clock = Stopwatch.StartNew();
                await UpgradeAsync(server.ConnectionString);
                upgrade = clock.Elapsed;
                await DeletionBench.ExpungeAsync(server.ConnectionString, ids);
                deletion = clock.Elapsed - upgrade;
                await DowngradeAsync(server.ConnectionString);
            }

            await using (var vacuum = source.CreateCommand("VACUUM ANALYZE")) await vacuum.ExecuteNonQueryAsync();
            if (round == 0) continue;
            var whole = oneByOne * ((double)each / measured);
            ratios.Add(whole / (upgrade + deletion));
            var remark = measured == each ? "" : $" (measured on {measured} in {oneByOne.TotalSeconds:0.0} s, times {(double)each / measured:0.0})";
            Console.WriteLine($"| {round} | {whole.TotalSeconds:0.0} s{remark} | {upgrade.TotalSeconds:0.00} s | {deletion.TotalSeconds:0.00} s | {(upgrade + deletion).TotalSeconds:0.00} s | {ratios[^1]:0.0} |");
        }

        Console.WriteLine($"| median | | | | | **{DeletionBench.Median(ratios):0.0}** |");
        Console.WriteLine($"| worst | | | | | {ratios.Min():0.0} |");
    }

    // As many as patience lasts for; how many is said.
    private static async Task<(TimeSpan Took, int Measured)> OneByOneAsync(NpgsqlDataSource source, int[] ids)
    {
        var (clock, done) = (Stopwatch.StartNew(), 0);
        foreach (var chunk in ids.Chunk(50))
        {
            await DeletionBench.CascadeAsync(source, chunk);
            done += chunk.Length;
            if (clock.Elapsed > Patience) break;
        }

        return (clock.Elapsed, done);
    }

    private static async Task UpgradeAsync(string connectionString)
    {
        await using var database = new Database(new NpgsqlConnectionStringBuilder(connectionString));
        var outcome = await Upgrade.ApplyAsync(database, new PolicyFile { Root = QualifiedName.Parse("users") }, new UpgradeOptions());
        if (!outcome.Succeeded || outcome.Results.Length != Unindexed) throw new InvalidOperationException($"upgrade: {outcome.State}, {outcome.Results.Length} steps");
    }

    // Drops the indexes again, and the journal knows it.
    private static async Task DowngradeAsync(string connectionString)
    {
        await using var database = new Database(new NpgsqlConnectionStringBuilder(connectionString));
        var outcome = await Downgrade.RevertAsync(database, Downgrade.Targets(await Journal.RevisionsAsync(database), toBase: false)[0], new UpgradeOptions());
        if (!outcome.Succeeded) throw new InvalidOperationException($"downgrade: {outcome.State}");
    }
}
