using System.Collections.Concurrent;
using System.Diagnostics;
using Expunge.Postgres;
using Expunge.Revisions;
using Expunge.Testing;
using Npgsql;
using Xunit;

namespace Expunge.Tests.Revisions;

/// <summary>A transaction that has read a table and stays open keeps a swap waiting, and nobody else.</summary>
public sealed class LongReaderTests
{
    private const string Indexes = "CREATE INDEX ON posts (user_id); CREATE INDEX ON comments (post_id); CREATE INDEX ON likes (user_id); CREATE TABLE unrelated (n integer);";

    // No measurement: a busy machine passes. One who queues behind a waiting ACCESS EXCLUSIVE waits as long as that one does.
    private static readonly TimeSpan Long = TimeSpan.FromSeconds(2);

    [Theory]
    [InlineData("likes")]
    [InlineData("users")]
    public async Task While_a_swap_waits_for_a_reader_nobody_queues_behind_it_and_when_the_reader_ends_it_finishes(string table)
    {
        var cancellation = TestContext.Current.CancellationToken;
        await using var database = await Blog.CreateAsync(Indexes);
        await using var reader = await TestServer.OpenAsync(database.ConnectionString + ";Application Name=reports");
        await using var reading = await reader.BeginTransactionAsync(cancellation);
        await reader.ExecuteAsync($"SELECT FROM {table}", cancellation);
        var reports = new Reports();
        await using var clients = new Clients(
            database.ConnectionString,
            "SELECT count(*) FROM users", "UPDATE users SET name = name || '.' WHERE id = 1", "SELECT count(*) FROM likes", "INSERT INTO likes VALUES (2, 'x')",
            "SELECT count(*) FROM unrelated", "INSERT INTO unrelated VALUES (1)");

        var upgrade = Upgrade.ApplyAsync(database.Database, Blog.Policy, new UpgradeOptions { Progress = reports }, cancellation);
        await WaitsForReaderAsync(3);
        await clients.DoMoreAsync(20);
        await WaitsForReaderAsync(6);

        Assert.False(upgrade.IsCompleted);
        Assert.Equal(0L, await reader.ScalarAsync<long>($"SELECT count(*) FROM {table} WHERE false", cancellation));
        await reading.CommitAsync(cancellation);

        Assert.Equal(RevisionState.Applied, (await upgrade).State);
        Assert.True((await database.VerifyAsync(Blog.Policy)).Ok);
        Assert.All(await clients.EndAsync(), slowest => Assert.True(slowest.Value < Long, $"{slowest.Key} took {slowest.Value.TotalMilliseconds:0} ms"));

        Task WaitsForReaderAsync(int times) => Eventually.TrueAsync(
            () => reports.Waits.Count(w => w.Contains($"pid {reader.ProcessID} (reports, idle in transaction, ", StringComparison.Ordinal)) >= times, "the upgrade says whom it waits for", upgrade);
    }

    /// <summary>A client for each statement, which sends it again and again.</summary>
    private sealed class Clients : IAsyncDisposable
    {
        private readonly CancellationTokenSource _end = new();
        private readonly ConcurrentDictionary<string, (int Done, TimeSpan Slowest)> _seen = new(StringComparer.Ordinal);
        private readonly Task _work;

        public Clients(string connectionString, params string[] statements) => _work = Task.WhenAll(statements.Select(s => WorkAsync(connectionString, s)));

        /// <summary>Waits until each of them has had so many more answers.</summary>
        public async Task DoMoreAsync(int answers)
        {
            var before = _seen.ToDictionary();
            await Eventually.TrueAsync(() => _seen.All(s => s.Value.Done >= before.GetValueOrDefault(s.Key).Done + answers), "every client has its answers", _work);
        }

        /// <summary>How long each waited for an answer at the most.</summary>
        public async Task<Dictionary<string, TimeSpan>> EndAsync()
        {
            await _end.CancelAsync();
            await _work;
            return _seen.ToDictionary(s => s.Key, s => s.Value.Slowest);
        }

        public async ValueTask DisposeAsync()
        {
            await _end.CancelAsync();
            await _work;
            _end.Dispose();
        }

        private async Task WorkAsync(string connectionString, string statement)
        {
            _seen[statement] = default;
            await using var connection = await TestServer.OpenAsync(connectionString);
            while (!_end.IsCancellationRequested)
            {
                var clock = Stopwatch.StartNew();
                await connection.ExecuteAsync(statement, CancellationToken.None);
                _seen.AddOrUpdate(statement, _ => default, (_, seen) => (seen.Done + 1, clock.Elapsed > seen.Slowest ? clock.Elapsed : seen.Slowest));
                await Task.Delay(10, CancellationToken.None);
            }
        }
    }

    [Fact]
    public async Task The_partitions_of_a_table_are_not_waited_for_one_after_the_other_with_the_table_in_hand()
    {
        const int Partitions = 24;
        await using var database = await Blog.CreateAsync(
            "CREATE TABLE samples (id integer, user_id integer REFERENCES users) PARTITION BY LIST (id); CREATE INDEX ON samples (user_id);"
            + string.Concat(Enumerable.Range(0, Partitions).Select(n => $"CREATE TABLE samples_{n} PARTITION OF samples FOR VALUES IN ({n});")));
        var catalog = await database.CatalogAsync();
        var samples = catalog.Table(QualifiedName.Parse("samples"));
        // Each partition has a reader, who ends 40 ms after somebody begins to wait for it.
        await using var watcher = await TestServer.OpenAsync(database.ConnectionString);
        var readers = new Dictionary<int, NpgsqlConnection>();
        for (var n = 0; n < Partitions; n++)
        {
            var reader = await TestServer.OpenAsync(database.ConnectionString);
            await using (var read = new NpgsqlCommand($"BEGIN; LOCK TABLE samples_{n} IN ACCESS SHARE MODE", reader)) await read.ExecuteNonQueryAsync();
            readers[n] = reader;
        }

        await using var connection = await database.Database.OpenMaintenanceAsync(TestContext.Current.CancellationToken);
        var context = new StepContext(connection, new RevisionJournal(0, Reverting: false), new LockOptions(), _ => { });
        var locking = ExclusiveLock.RunAsync(context, [samples], () => Task.FromResult<Func<Task>?>(() => Task.CompletedTask), TestContext.Current.CancellationToken);
        var longest = TimeSpan.Zero;
        var held = new Stopwatch();
        while (!locking.IsCompleted)
        {
            await using var look = new NpgsqlCommand("SELECT relation::regclass::text, granted FROM pg_locks WHERE mode = 'AccessExclusiveLock' AND locktype = 'relation' AND relation::regclass::text LIKE 'samples%'", watcher);
            var locks = new List<(string Table, bool Granted)>();
            await using (var row = await look.ExecuteReaderAsync()) while (await row.ReadAsync()) locks.Add((row.GetString(0), row.GetBoolean(1)));
            if (!locks.Contains(("samples", true))) held.Reset();
            else held.Start();
            if (held.Elapsed > longest) longest = held.Elapsed;
            foreach (var n in locks.Where(l => !l.Granted && l.Table != "samples").Select(l => int.Parse(l.Table["samples_".Length..])))
            {
                if (readers.Remove(n, out var reader)) _ = Task.Delay(40).ContinueWith(_ => reader.Dispose(), TaskScheduler.Default);
            }
        }

        await locking;
        Assert.True(longest < TimeSpan.FromMilliseconds(700), $"{longest.TotalMilliseconds:0} ms");
    }
}
