using System.Diagnostics;
using System.Globalization;
using Expunge.Deletion;
using Expunge.Embedded;
using Expunge.Testing;
using Npgsql;
using Xunit;

namespace Expunge.Tests.Faults;

/// <summary>
/// Deletions whose process, or whose server, is killed at random moments while the application writes: every subject is wholly there or wholly gone, what is recorded is what was done, and the next run goes on.
/// </summary>
public sealed class KilledDeletionTests
{
    private const int Rounds = 15;

    // $EXPUNGE_KILL_SEED repeats what a failure names, as far as the moments of two processes can be repeated.
    private static readonly int Seed = int.TryParse(Environment.GetEnvironmentVariable("EXPUNGE_KILL_SEED"), CultureInfo.InvariantCulture, out var given) ? given : Random.Shared.Next();

    // Many transactions: more moments to be killed at.
    private static readonly DeletionOptions Small = new() { Target = TimeSpan.FromMilliseconds(5) };

    [Fact]
    public async Task A_deletion_whose_process_is_killed_again_and_again_goes_on_and_every_row_is_deleted_and_counted_once()
    {
        await using var database = new BusyDatabase(await TestServer.EmptyAsync());
        await KillAsync(database, async moment =>
        {
            using var process = Process.Start(
                new ProcessStartInfo("dotnet", [Path.Combine(AppContext.BaseDirectory, "Expunge.Tests.Host.dll"), "run", $"{database.Deletion}", database.Test.ConnectionString, BusyDatabase.PolicyText]) { UseShellExecute = false, RedirectStandardError = true })!;
            try
            {
                await moment(() => process.HasExited);
            }
            finally
            {
                process.Kill();
                await process.WaitForExitAsync(CancellationToken.None);
            }

            // The server notices, ends what it was told, and lets the lock go.
            await Eventually.TrueAsync(() => database.Test.ScalarAsync<bool>("SELECT NOT EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND database = (SELECT oid FROM pg_database WHERE datname = current_database()))"), "nobody is at work on it");
        });
    }

    [Fact]
    public async Task A_deletion_whose_server_crashes_again_and_again_goes_on_and_every_row_is_deleted_and_counted_once()
    {
        await using var server = await EmbeddedPostgres.StartAsync();
        await TestServer.ExecuteAsync(server.ConnectionString, "CREATE DATABASE busy");
        await using var database = new BusyDatabase(server.ConnectionStringTo("busy"));
        await KillAsync(database, async moment =>
        {
            var run = database.RunAsync(Small);
            await moment(() => run.IsCompleted);
            await server.RestartAsync(immediate: true);
            var lost = await Record.ExceptionAsync(() => run);
            Assert.True(lost is null or NpgsqlException or ExpungeException { Code: ErrorCodes.CommitUnknown or ErrorCodes.LateRows }, $"{lost}");
        });
    }

    /// <param name="database">The database.</param>
    /// <param name="round">Begins a run, waits for the moment, given whether the run has ended, and kills.</param>
    private static async Task KillAsync(BusyDatabase database, Func<Func<Func<bool>, Task>, Task> round)
    {
        await database.BeginAsync(Seed);
        var (random, killed) = (new Random(Seed), 0);
        for (var n = 1; n <= Rounds && !await database.IsOverAsync(); n++)
        {
            await round(async hasEnded =>
            {
                // Some time after a transaction of this run was committed.
                var before = await database.ProgressAsync();
                while (!hasEnded() && await database.ProgressAsync() == before) await Task.Delay(2, TestContext.Current.CancellationToken);
                await Task.Delay(random.Next(100), TestContext.Current.CancellationToken);
                if (!hasEnded()) killed++;
            });
            await database.IsWholeAsync($"Seed {Seed}, round {n}");
        }

        await database.StopWritingAsync();
        await database.RunAsync(new DeletionOptions());
        await database.IsDoneAsync($"Seed {Seed}");
        Assert.True(killed > Rounds / 2, $"Seed {Seed}: only {killed} kills came before the end");
        Assert.True(database.Halfway > 0, $"Seed {Seed}: no kill came while the whale was being deleted");
    }
}
