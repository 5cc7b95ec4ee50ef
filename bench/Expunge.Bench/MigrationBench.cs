using System.Diagnostics;
using Expunge.Policy;
using Expunge.Postgres;
using Expunge.Revisions;
using Npgsql;

namespace Expunge.Bench;

/// <summary>70 foreign keys to users become ON DELETE CASCADE while an application works: as Alembic and EF Core do it, a table at a time, and with Expunge. Side by side, in one run.</summary>
internal static class MigrationBench
{
    private const int Tables = 70;
    private static readonly TimeSpan Around = TimeSpan.FromSeconds(2);

    public static async Task RunAsync(bool small)
    {
        var patience = TimeSpan.FromSeconds(small ? 15 : 60);
        var (users, rows) = small ? (10_000, 20_000) : (100_000, 300_000);
        await using var server = await BenchServer.StartAsync();
        await using var source = NpgsqlDataSource.Create(new NpgsqlConnectionStringBuilder(server.ConnectionString) { CommandTimeout = 0, MaxPoolSize = 40 });
        var clock = Stopwatch.StartNew();
        await FillAsync(source, users, rows);
        Console.WriteLine($"PostgreSQL {server.Binaries.Version}; {Tables} tables with {rows:N0} rows each, {users:N0} users (made in {clock.Elapsed.TotalSeconds:0} s); {Load.PerSecond} statements/s from {Load.Clients} clients, open loop.");
        Console.WriteLine("\n| round | way | time | longest exclusive hold | median | p99 | worst latency of others | in phase | machine stood still | their errors |\n|---|---|---|---|---|---|---|---|---|---|");
        for (var round = 1; round <= (small ? 1 : 3); round++)
        {
            await RowAsync(source, users, $"{round} | no migration", async () =>
            {
                await Task.Delay(small ? 5_000 : 15_000);
                return "";
            });
            await RowAsync(source, users, $"{round} | one transaction (Alembic, EF Core)", () => ClassicAsync(source, transactions: 1, patience));
            await RowAsync(source, users, $"{round} | a transaction a table", () => ClassicAsync(source, transactions: Tables, patience));
            await RowAsync(source, users, $"{round} | Expunge", () => ExpungeAsync(server.ConnectionString));
            await RowAsync(source, users, $"{round} | one transaction, 9 s reader", () => ClassicAsync(source, transactions: 1, patience), obstacle: true);
            await RowAsync(source, users, $"{round} | Expunge, 9 s reader", () => ExpungeAsync(server.ConnectionString), obstacle: true);
            await AloneAsync(source, $"{round} | one transaction, nobody else at work", () => ClassicAsync(source, transactions: 1, patience));
            await AloneAsync(source, $"{round} | Expunge, nobody else at work", () => ExpungeAsync(server.ConnectionString));
        }
    }

    private static async Task AloneAsync(NpgsqlDataSource source, string way, Func<Task<string>> work)
    {
        await ResetAsync(source);
        var clock = Stopwatch.StartNew();
        await work();
        Console.WriteLine($"| {way} | {clock.Elapsed.TotalSeconds:0.0} s | | | | | | | |");
    }

    private static async Task RowAsync(NpgsqlDataSource source, int users, string way, Func<Task<string>> work, bool obstacle = false)
    {
        await ResetAsync(source);
        Phases.Clear();
        using var hiccups = Hiccups.Start();
        await using var load = Load.Start(source, Tables, users);
        await Task.Delay(Around);
        var blocking = obstacle ? ObstacleAsync(source) : Task.CompletedTask;
        if (obstacle) await Task.Delay(300);
        TimeSpan took;
        double hold;
        string remark;
        await using (var holds = ExclusiveHolds.Watch(source))
        {
            var clock = Stopwatch.StartNew();
            remark = await work();
            took = clock.Elapsed;
            hold = holds.LongestMilliseconds;
        }

        await blocking;
        await Task.Delay(Around);
        var (median, p99, worst, _) = await load.StopAsync();
        Console.WriteLine($"| {way} | {took.TotalSeconds:0.0} s{(remark.Length > 0 ? $", {remark}" : "")} | {hold:0.0} ms | {median:0.0} ms | {p99:0.0} ms | {worst:0} ms | {Phase(load.WorstAt)} | {hiccups.LongestMilliseconds:0} ms | {load.Errors} |");

    }

    // When each phase of Expunge's began.
    private static readonly List<(DateTime At, string Phase)> Phases = [];

    private static string Phase(DateTime at) => Phases.LastOrDefault(p => p.At <= at).Phase ?? "";

    private sealed class Watched : IProgress<StepProgress>
    {
        public void Report(StepProgress value)
        {
            lock (Phases) Phases.Add((DateTime.UtcNow, value.Step.Phase));
        }
    }

    private static async Task ObstacleAsync(NpgsqlDataSource source)
    {
        await using var connection = await source.OpenConnectionAsync();
        await using var transaction = await connection.BeginTransactionAsync();
        await using var read = new NpgsqlCommand("SELECT count(*) FROM child_35 WHERE user_id = 1", connection, transaction);
        await read.ExecuteScalarAsync();
        await Task.Delay(9_000);
        await transaction.RollbackAsync();
    }

    // What the original migration and EF Core's generated one do: drop and add, validated under the lock.
    private static async Task<string> ClassicAsync(NpgsqlDataSource source, int transactions, TimeSpan patience)
    {
        var (clock, deadlocks) = (Stopwatch.StartNew(), 0);
        await using var connection = await source.OpenConnectionAsync();
        foreach (var chunk in Enumerable.Range(1, Tables).Chunk(Tables / transactions))
        {
            for (var done = false; !done;)
            {
                try
                {
                    await using var transaction = await connection.BeginTransactionAsync();
                    foreach (var n in chunk)
                    {
                        await ExecuteAsync(connection, $"ALTER TABLE child_{n} DROP CONSTRAINT child_{n}_user_id_fkey; ALTER TABLE child_{n} ADD CONSTRAINT child_{n}_user_id_fkey FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE");
                    }

                    await transaction.CommitAsync();
                    done = true;
                }
                catch (PostgresException e) when (e.SqlState == PostgresErrorCodes.DeadlockDetected)
                {
                    // It was chosen to end a deadlock; whoever ran it would run it again, for a while.
                    deadlocks++;
                    if (clock.Elapsed > patience) return $"not done, {deadlocks} deadlocks";
                }
            }
        }

        return deadlocks == 0 ? "" : $"{deadlocks} deadlocks";
    }

    private static async Task<string> ExpungeAsync(string connectionString)
    {
        await using var database = new Database(new NpgsqlConnectionStringBuilder(connectionString));
        var outcome = await Upgrade.ApplyAsync(database, new PolicyFile { Root = new QualifiedName("public", "users") }, new UpgradeOptions { Progress = new Watched() });
        Phases.Add((DateTime.UtcNow, "after"));
        if (!outcome.Succeeded) throw new InvalidOperationException(string.Join('\n', outcome.Results.Select(r => r.Failure?.Message).OfType<string>()));
        return "";
    }

    private static async Task FillAsync(NpgsqlDataSource source, int users, int rows)
    {
        await using var connection = await source.OpenConnectionAsync();
        await ExecuteAsync(connection, $"CREATE TABLE users (id integer PRIMARY KEY, name text); INSERT INTO users SELECT n, 'user ' || n FROM generate_series(1, {users}) n");
        for (var n = 1; n <= Tables; n++)
        {
            await ExecuteAsync(connection, $"CREATE TABLE child_{n} (id bigint GENERATED ALWAYS AS IDENTITY, user_id integer NOT NULL, note text); INSERT INTO child_{n} (user_id, note) SELECT 1 + (i::bigint * 7919) % {users}, 'a note of some length' FROM generate_series(1, {rows}) i");
            await ExecuteAsync(connection, $"ALTER TABLE child_{n} ADD PRIMARY KEY (id), ADD CONSTRAINT child_{n}_user_id_fkey FOREIGN KEY (user_id) REFERENCES users (id); CREATE INDEX ON child_{n} (user_id)");
        }

        await ExecuteAsync(connection, "VACUUM ANALYZE");
        await ExecuteAsync(connection, "CHECKPOINT");
    }

    // The state before, without the scans: only a benchmark may write into pg_constraint.
    private static async Task ResetAsync(NpgsqlDataSource source)
    {
        await using var connection = await source.OpenConnectionAsync();
        await ExecuteAsync(connection, "DROP SCHEMA IF EXISTS expunge CASCADE");
        for (var n = 1; n <= Tables; n++)
        {
            await ExecuteAsync(connection, $"ALTER TABLE child_{n} DROP CONSTRAINT child_{n}_user_id_fkey, ADD CONSTRAINT child_{n}_user_id_fkey FOREIGN KEY (user_id) REFERENCES users (id) NOT VALID");
        }

        await ExecuteAsync(connection, "UPDATE pg_constraint SET convalidated = true WHERE contype = 'f' AND NOT convalidated");
        await ExecuteAsync(connection, "CHECKPOINT");
    }

    private static async Task ExecuteAsync(NpgsqlConnection connection, string sql)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync();
    }
}
