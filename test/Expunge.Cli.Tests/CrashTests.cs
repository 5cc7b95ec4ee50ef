using Expunge.Policy;
using Expunge.Postgres;
using Expunge.Revisions;
using Expunge.Testing;
using Expunge.Verification;
using Npgsql;
using Xunit;

namespace Expunge.Cli.Tests;

/// <summary>Runs that are killed: the next run ends where an undisturbed one does.</summary>
public sealed class CrashTests(ITestOutputHelper output)
{
    private const int Databases = 4;
    private const int KillsEach = 5;

    [Fact]
    public async Task An_upgrade_killed_20_times_all_over_its_run_ends_as_an_undisturbed_one_and_is_reverted_exactly()
    {
        using var policy = new PolicyFileOnDisk();
        var undisturbed = await TestServer.ZivoHealthAsync();
        var before = await CatalogText.ReadAsync(undisturbed);
        Ok(await UpgradeAsync(undisturbed, policy));
        var (expected, steps) = (await CatalogText.ReadAsync(undisturbed), await StepsAsync(undisturbed));
        var seed = Random.Shared.Next();
        output.WriteLine($"{steps} steps, seed {seed}");

        var killed = 0;
        await Parallel.ForAsync(0, Databases, new ParallelOptions { MaxDegreeOfParallelism = Databases }, async (n, _) =>
        {
            var (database, random) = (await TestServer.ZivoHealthAsync(), new Random(seed + n));
            for (var k = 0; k < KillsEach; k++)
            {
                // 20 places, evenly spread over the changes; the validations at the end change nothing that is counted, so there time spreads them.
                var place = steps * ((k * Databases) + n + 1) / (Databases * KillsEach);
                if (await KillAsync(["upgrade", "--yes", "--config", policy.Path], database, place, random, until: true)) Interlocked.Increment(ref killed);
            }

            Ok(await UpgradeAsync(database, policy));
            Same(expected, await CatalogText.ReadAsync(database));
            Assert.True(await VerifiedAsync(database, policy));

            await KillAsync(["downgrade", "-1", "--yes"], database, steps * (n + 1) / (Databases + 1), random, until: false);
            await DowngradeAsync(database);
            Same(before, await CatalogText.ReadAsync(database));
        });
        Assert.InRange(killed, (Databases * KillsEach) - 4, Databases * KillsEach);
    }

    [Fact]
    public async Task Ctrl_C_ends_an_upgrade_with_exit_code_1_and_a_message_and_the_next_run_finishes_it()
    {
        using var policy = new PolicyFileOnDisk();
        var database = await TestServer.ZivoHealthAsync();
        using var run = ExpungeProcess.Start(["upgrade", "--yes", "--config", policy.Path, "--database", database]);
        await WaitForAsync(database, steps => steps >= 20, run);
        run.Interrupt();
        var stopped = await run.WaitAsync();

        Assert.True(stopped.ExitCode == 1, stopped.ToString());
        Assert.Contains("What is done stays done; the same command goes on from there.", stopped.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("successfully", stopped.Output, StringComparison.Ordinal);
        Ok(await UpgradeAsync(database, policy));
        Assert.True(await VerifiedAsync(database, policy));
    }

    /// <returns>Whether it was still running when it was killed.</returns>
    private static async Task<bool> KillAsync(string[] args, string database, int steps, Random random, bool until)
    {
        using var run = ExpungeProcess.Start([.. args, "--database", database]);
        await WaitForAsync(database, done => until ? done >= steps : done <= steps, run);
        await Task.Delay(random.Next(0, steps == 0 ? 300 : 60));
        var running = !run.HasExited;
        run.Kill();
        await run.WaitAsync();
        return running;
    }

    private static async Task WaitForAsync(string database, Func<long, bool> reached, ExpungeProcess run)
    {
        await using var connection = await TestServer.OpenAsync(database);
        while (!run.HasExited && !reached(await StepsAsync(connection))) await Task.Delay(2);
    }

    private static async Task<int> StepsAsync(string database)
    {
        await using var connection = await TestServer.OpenAsync(database);
        return (int)await StepsAsync(connection);
    }

    /// <summary>The changes that are journaled and not reverted.</summary>
    private static async Task<long> StepsAsync(NpgsqlConnection connection)
    {
        await using var exists = new NpgsqlCommand("SELECT to_regclass('expunge.backup') IS NOT NULL", connection);
        if (await exists.ExecuteScalarAsync() is not true) return 0;
        await using var command = new NpgsqlCommand("SELECT count(*) FROM expunge.step WHERE reverted_at IS NULL", connection);
        return (long)(await command.ExecuteScalarAsync())!;
    }

    private static Task<ExpungeProcess.Result> UpgradeAsync(string database, PolicyFileOnDisk policy) => ExpungeProcess.RunAsync(database, "upgrade", "--yes", "--config", policy.Path);

    private static async Task<bool> VerifiedAsync(string connectionString, PolicyFileOnDisk policy)
    {
        await using var database = new Database(new NpgsqlConnectionStringBuilder(connectionString));
        return Verifier.Verify(Decisions.Of(await database.ReadCatalogAsync(), PolicyReader.Load(policy.Path))).Ok;
    }

    private static async Task DowngradeAsync(string connectionString)
    {
        await using var database = new Database(new NpgsqlConnectionStringBuilder(connectionString));
        // None where the kill came too late.
        foreach (var target in Downgrade.Targets(await Journal.RevisionsAsync(database), toBase: false)) Assert.Equal(RevisionState.Reverted, (await Downgrade.RevertAsync(database, target, new UpgradeOptions())).State);
    }

    private static void Ok(ExpungeProcess.Result result) => Assert.True(result.ExitCode == 0, result.ToString());

    private static void Same(string expected, string actual) => Assert.True(CatalogText.Difference(expected, actual) is "", CatalogText.Difference(expected, actual));
}
