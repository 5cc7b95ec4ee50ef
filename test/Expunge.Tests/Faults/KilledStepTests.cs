using System.Diagnostics;
using Expunge.Revisions;
using Xunit;

namespace Expunge.Tests.Faults;

/// <summary>A process that is killed exactly between two steps, before the first and after the last. Kills in the middle of steps: CrashTests, and LostConnectionTests, which the server can't tell from them.</summary>
public sealed class KilledStepTests
{
    private const int Killed = 128 + 9;

    [Fact]
    public Task An_upgrade_killed_between_any_two_steps_leaves_nothing_unchecked_and_is_resumed_or_reverted() => KillAsync(
        EveryStep.CreateAsync, ["upgrade"], (database, options) => Upgrade.ApplyAsync(database.Database, EveryStep.Policy, options));

    [Fact]
    public Task A_downgrade_killed_between_any_two_steps_leaves_nothing_unchecked_and_is_resumed() => KillAsync(
        EveryStep.UpgradedAsync, ["downgrade"], async (database, options) => await Downgrade.RevertAsync(database.Database, (await Journal.RevisionsAsync(database.Database)).Single(), options));

    private static async Task KillAsync(Func<Task<TestDatabase>> create, string[] verb, Func<TestDatabase, UpgradeOptions, Task<RevisionOutcome>> run)
    {
        await using var undisturbed = await create();
        var steps = (await run(undisturbed, EveryStep.Options)).Results.Length;
        Assert.InRange(steps, 8, 40);

        // The end of a step and the beginning of the next are one moment to the database.
        await Parallel.ForEachAsync(Enumerable.Range(0, steps + 1), new ParallelOptions { MaxDegreeOfParallelism = 2 }, async (step, _) =>
        {
            await using var database = await create();
            Assert.Equal(Killed, await HostAsync([.. verb, $"{Math.Max(1, 2 * step)}", database.ConnectionString, EveryStep.PolicyText]));
            await EveryStep.IsSafeAsync(database);
            await EveryStep.IsResumedAsync(database, revertFirst: step % 2 == 0);
        });
    }

    private static async Task<int> HostAsync(string[] args)
    {
        using var process = Process.Start(new ProcessStartInfo("dotnet", [Path.Combine(AppContext.BaseDirectory, "Expunge.Tests.Host.dll"), .. args]) { UseShellExecute = false })!;
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        return process.ExitCode;
    }
}
