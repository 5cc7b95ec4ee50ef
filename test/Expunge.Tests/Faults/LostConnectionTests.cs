using System.Collections.Concurrent;
using System.Globalization;
using Expunge.Postgres;
using Expunge.Revisions;
using Expunge.Testing;
using Npgsql;
using Xunit;

namespace Expunge.Tests.Faults;

/// <summary>The connection breaks at a message of the run, before the server has it or when only its answer is lost, so that nobody knows whether it was done.</summary>
public sealed class LostConnectionTests(ITestOutputHelper output)
{
    // $EXPUNGE_CUT_EVERY=1 cuts at every message, which takes minutes.
    private static readonly int Every = int.TryParse(Environment.GetEnvironmentVariable("EXPUNGE_CUT_EVERY"), CultureInfo.InvariantCulture, out var given) ? given : 17;

    [Fact]
    public Task An_upgrade_that_loses_its_connection_at_any_message_says_so_leaves_nothing_unchecked_and_is_resumed_or_reverted() => CutAsync(
        EveryStep.CreateAsync, EveryStep.IsAppliedAsync, "expunge upgrade head", (database, _) => Upgrade.ApplyAsync(database, EveryStep.Policy, EveryStep.Options));

    [Fact]
    public Task A_downgrade_that_loses_its_connection_at_any_message_says_so_leaves_nothing_unchecked_and_is_resumed() => CutAsync(
        EveryStep.UpgradedAsync, EveryStep.IsRevertedAsync, "expunge downgrade -1",
        (database, revision) => Downgrade.RevertAsync(database, revision!, EveryStep.Options));

    private async Task CutAsync(Func<Task<TestDatabase>> create, Func<TestDatabase, Task> isDone, string next, Func<Database, AppliedRevision?, Task<RevisionOutcome>> run)
    {
        var port = (await TestServer.Server).Port;
        var messages = (await CutAsync(0)).Messages;
        var (failed, cuts) = (new ConcurrentBag<string>(), 0);
        await Parallel.ForAsync(1, messages + 1, new ParallelOptions { MaxDegreeOfParallelism = 2 }, async (n, _) =>
        {
            // In turn, so that any step width has both.
            foreach (var delivered in new[] { false, true }.Where(d => (n + (d ? Every / 2 : 0)) % Every == 0))
            {
                try
                {
                    if ((await CutAsync(n, delivered)).HasCut) Interlocked.Increment(ref cuts);
                }
                catch (Exception e)
                {
                    failed.Add($"Message {n} {(delivered ? "answer lost" : "not delivered")}: {e}");
                }
            }
        });
        output.WriteLine($"{messages} messages, {cuts} cuts");
        Assert.True(failed.IsEmpty, string.Join("\n\n", failed));
        Assert.InRange(cuts, messages * 2 / Every * 9 / 10, messages * 2);

        async Task<(int Messages, bool HasCut)> CutAsync(int n, bool delivered = false)
        {
            await using var database = await create();
            await using var proxy = new CuttingProxy(port, n, delivered);
            await using var through = new Database(new NpgsqlConnectionStringBuilder(proxy.To(database.ConnectionString)));
            var revision = (await Journal.RevisionsAsync(database.Database)).SingleOrDefault();
            var outcome = default(RevisionOutcome);
            var failure = await Record.ExceptionAsync(async () => outcome = await run(through, revision));

            if (failure is null)
            {
                // Only where nothing was left to do but to let the lock go.
                Assert.True(outcome!.Succeeded);
                await isDone(database);
            }
            else
            {
                Says(Assert.IsType<ExpungeException>(failure), next);
            }

            await EveryStep.IsSafeAsync(database);
            await EveryStep.IsResumedAsync(database, revertFirst: n / Every % 2 == 0);
            return (proxy.Messages, proxy.HasCut);
        }
    }

    private static void Says(ExpungeException failure, string next)
    {
        if (failure.Code == ErrorCodes.CannotConnect) return;
        Assert.Equal(ErrorCodes.ConnectionLost, failure.Code);
        Assert.Contains("What is done stays done", failure.NextStep, StringComparison.Ordinal);
        Assert.Contains(next, failure.NextStep, StringComparison.Ordinal);
    }
}
