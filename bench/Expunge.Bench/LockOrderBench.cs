using System.Diagnostics;
using Expunge.Embedded;
using Expunge.Policy;
using Expunge.Postgres;
using Expunge.Revisions;
using Npgsql;

namespace Expunge.Bench;

/// <summary>
/// A read-only transaction stands in the way, on the child or on the root, while one table is swapped: how long others wait who read them, if the locks are asked for root first, child first (both with
/// lock_timeout 50 ms, again and again), and by Expunge.
/// </summary>
internal static class LockOrderBench
{
    public static async Task RunAsync(bool small)
    {
        await using var server = await EmbeddedPostgres.StartAsync();
        await using var source = NpgsqlDataSource.Create(server.ConnectionString);
        Console.WriteLine($"PostgreSQL {server.Binaries.Version}; worst latency in milliseconds of who reads, once a millisecond or as fast as it goes.\n\n| round | blocker reads | way | tries missed | readers of users | readers of the child |\n|---|---|---|---|---|---|");
        for (var round = 1; round <= (small ? 1 : 3); round++)
        {
            foreach (var blocked in (string[])["child", "users"])
            {
                await RowAsync(source, round, blocked, "root first", (end, _) => SwapAsync(source, "users, child", end));
                await RowAsync(source, round, blocked, "child first", (end, _) => SwapAsync(source, "child, users", end));
                await RowAsync(source, round, blocked, "Expunge", (_, waits) => ExpungeAsync(server.ConnectionString, waits));
            }
        }
    }

    private static async Task RowAsync(NpgsqlDataSource source, int round, string blocked, string way, Func<Task, Progress, Task<int>> swap)
    {
        await ExecuteAsync(
            source,
            """
            DROP SCHEMA IF EXISTS expunge CASCADE; DROP TABLE IF EXISTS child, users;
            CREATE TABLE users (id integer PRIMARY KEY); INSERT INTO users SELECT generate_series(1, 100);
            CREATE TABLE child (id integer PRIMARY KEY, user_id integer REFERENCES users); CREATE INDEX ON child (user_id); INSERT INTO child SELECT n, n FROM generate_series(1, 100) n;
            """);
        await using var blocker = await source.OpenConnectionAsync();
        await using var transaction = await blocker.BeginTransactionAsync();
        await using (var read = new NpgsqlCommand($"SELECT count(*) FROM {blocked}", blocker, transaction)) await read.ExecuteScalarAsync();
        using var end = new CancellationTokenSource();
        var (users, child) = (ReadAsync(source, "users", end.Token), ReadAsync(source, "child", end.Token));
        var away = Task.Delay(TimeSpan.FromSeconds(4));
        var swapping = swap(away, new Progress());
        await away;
        await transaction.RollbackAsync();
        var missed = await swapping;
        await end.CancelAsync();
        Console.WriteLine($"| {round} | {blocked} | {way} | {missed} | {await users:0.0} | {await child:0.0} |");
    }

    private static async Task<int> SwapAsync(NpgsqlDataSource source, string order, Task end)
    {
        await using var connection = await source.OpenConnectionAsync();
        for (var missed = 0; ; missed++)
        {
            await using var transaction = await connection.BeginTransactionAsync();
            try
            {
                var locks = string.Concat(order.Split(", ").Select(t => $"LOCK TABLE {t} IN ACCESS EXCLUSIVE MODE;"));
                await using var swap = new NpgsqlCommand(
                    $"SET LOCAL lock_timeout = 50; {locks} ALTER TABLE child DROP CONSTRAINT child_user_id_fkey; ALTER TABLE child ADD CONSTRAINT child_user_id_fkey FOREIGN KEY (user_id) REFERENCES users ON DELETE CASCADE NOT VALID",
                    connection, transaction);
                await swap.ExecuteNonQueryAsync();
                await transaction.CommitAsync();
                await end;
                return missed;
            }
            catch (PostgresException e) when (e.SqlState == PostgresErrorCodes.LockNotAvailable)
            {
                await transaction.RollbackAsync();
                await Task.Delay(50);
            }
        }
    }

    private static async Task<int> ExpungeAsync(string connectionString, Progress progress)
    {
        await using var database = new Database(new NpgsqlConnectionStringBuilder(connectionString));
        var outcome = await Upgrade.ApplyAsync(database, new PolicyFile { Root = new QualifiedName("public", "users") }, new UpgradeOptions { Progress = progress });
        return outcome.Succeeded ? progress.Missed : throw new InvalidOperationException("Not done.");
    }

    private static async Task<double> ReadAsync(NpgsqlDataSource source, string table, CancellationToken end)
    {
        await using var connection = await source.OpenConnectionAsync(CancellationToken.None);
        await using var command = new NpgsqlCommand($"SELECT 1 FROM {table} WHERE id = 7", connection);
        var worst = 0.0;
        while (!end.IsCancellationRequested)
        {
            var begun = Stopwatch.GetTimestamp();
            await command.ExecuteScalarAsync(CancellationToken.None);
            worst = Math.Max(worst, Stopwatch.GetElapsedTime(begun).TotalMilliseconds);
            await Task.Delay(1, CancellationToken.None);
        }

        return worst;
    }

    private static async Task ExecuteAsync(NpgsqlDataSource source, string sql)
    {
        await using var command = source.CreateCommand(sql);
        await command.ExecuteNonQueryAsync();
    }

    private sealed class Progress : IProgress<StepProgress>
    {
        public int Missed { get; private set; }

        public void Report(StepProgress value) => Missed += value.Stage == StepStage.Waiting ? 1 : 0;
    }
}
