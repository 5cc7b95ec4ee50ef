using System.Diagnostics;
using Expunge.Postgres;
using Npgsql;

namespace Expunge.Bench;

/// <summary>One user with a million rows is deleted while others work: with one cascading DELETE, and by Expunge in chunks. How long it takes, and how long the others wait meanwhile.</summary>
internal static class WhaleBench
{
    private const int Whale = 1;
    private const int Others = 20_000;
    private const int PostsEach = 10;
    private const int OwnPerSecond = 10;

    private static readonly TimeSpan Around = TimeSpan.FromSeconds(1);

    public static async Task RunAsync(bool small)
    {
        var (rows, rounds) = small ? (100_000, 2) : (1_000_000, 5);
        await KindAsync($"{rows:N0} rows at depth 1", rows, deep: false, rounds, small);
        await KindAsync($"{rows / 2:N0} rows at depth 1, each with one at depth 2", rows / 2, deep: true, rounds, small);
    }

    private sealed record Row(TimeSpan Took, (double Median, double P99, double Worst, int Count) Others, int Errors, double StoodStill, double WorstOfOwn);

    private static async Task KindAsync(string kind, int posts, bool deep, int rounds, bool small)
    {
        await using var server = await BenchServer.StartAsync();
        await using var source = NpgsqlDataSource.Create(new NpgsqlConnectionStringBuilder(server.ConnectionString) { CommandTimeout = 0, MaxPoolSize = 40 });
        await using var database = new Database(new NpgsqlConnectionStringBuilder(server.ConnectionString), pooling: true);
        await FillAsync(source, deep);
        Console.WriteLine($"\nPostgreSQL {server.Binaries.Version}; a user with {kind}; {Others:N0} others with {PostsEach} each in the same tables. {Load.PerSecond} statements/s for the others from {Load.Clients} clients and {OwnPerSecond} inserts/s for the user itself from 4, open loop.");
        Console.WriteLine("\n| round | way | time | × one cascade | others: median | p99 | worst | their errors | machine stood still | worst of the user's own |\n|---|---|---|---|---|---|---|---|---|---|");
        // To warm up: what runs here for the first time is compiled beside the clients.
        await RefillAsync(source, 30_000, deep);
        await MeasureAsync(source, deep, () => DeletionBench.ExpungeAsync(database, [Whale]));
        var (cascades, expunges) = (new List<Row>(), new List<Row>());
        for (var round = 1; round <= rounds; round++)
        {
            // Whoever comes first has the colder cache: the ways take turns.
            foreach (var way in Enumerable.Range(0, 2).Select(w => (w + round) % 2))
            {
                await RefillAsync(source, posts, deep);
                if (way == 0) cascades.Add(await MeasureAsync(source, deep, () => DeletionBench.CascadeAsync(source, [Whale])));
                else expunges.Add(await MeasureAsync(source, deep, () => DeletionBench.ExpungeAsync(database, [Whale])));
            }

            Print($"{round} | no deletion", await MeasureAsync(source, deep, () => Task.Delay(small ? 3_000 : 10_000)), null);
            Print($"{round} | one cascade", cascades[^1], null);
            Print($"{round} | Expunge", expunges[^1], expunges[^1].Took / cascades[^1].Took);
        }

        Summary("one cascade", cascades);
        Summary("Expunge", expunges);
        Console.WriteLine($"| median | Expunge | | **{DeletionBench.Median(expunges.Zip(cascades, (e, c) => e.Took / c.Took)):0.00}** | | | | | | |");
    }

    private static void Print(string way, Row row, double? ratio) => Console.WriteLine(
        $"| {way} | {row.Took.TotalSeconds:0.0} s | {ratio:0.00} | {row.Others.Median:0.0} ms | {row.Others.P99:0.0} ms | {row.Others.Worst:0} ms | {row.Errors} | {row.StoodStill:0} ms | {row.WorstOfOwn:0} ms |");

    private static void Summary(string way, List<Row> rows)
    {
        Console.WriteLine($"| median | {way} | {Median(r => r.Took.TotalSeconds):0.0} s | | {Median(r => r.Others.Median):0.0} ms | {Median(r => r.Others.P99):0.0} ms | {Median(r => r.Others.Worst):0} ms | | {Median(r => r.StoodStill):0} ms | {Median(r => r.WorstOfOwn):0} ms |");
        Console.WriteLine($"| worst | {way} | {rows.Max(r => r.Took.TotalSeconds):0.0} s | | {rows.Max(r => r.Others.Median):0.0} ms | {rows.Max(r => r.Others.P99):0.0} ms | **{rows.Max(r => r.Others.Worst):0} ms** | {rows.Sum(r => r.Errors)} | {rows.Max(r => r.StoodStill):0} ms | {rows.Max(r => r.WorstOfOwn):0} ms |");

        double Median(Func<Row, double> value) => DeletionBench.Median(rows.Select(value));
    }

    private static async Task<Row> MeasureAsync(NpgsqlDataSource source, bool deep, Func<Task> work)
    {
        using var hiccups = Hiccups.Start();
        await using var others = Load.Start(source, Load.Clients, Load.PerSecond, number => OfOthers(number, deep));
        // Whoever comes when the user is gone is refused; that is no error here.
        await using var own = Load.Start(source, 4, OwnPerSecond, _ => ("INSERT INTO posts (user_id, note) VALUES ($1, 'another one')", Whale));
        await Task.Delay(Around);
        var clock = Stopwatch.StartNew();
        await work();
        var took = clock.Elapsed;
        var (_, _, worstOfOwn, _) = await own.StopAsync();
        await Task.Delay(Around);
        return new Row(took, await others.StopAsync(), others.Errors, hiccups.LongestMilliseconds, worstOfOwn);
    }

    private static (string Sql, int Parameter) OfOthers(int number, bool deep)
    {
        var user = (number * 7919L % Others) + Whale + 1;
        var post = (number * 7919L % (Others * PostsEach)) + 1;
        return (number % 6) switch
        {
            0 => ("INSERT INTO posts (user_id, note) VALUES ($1, 'a new one')", (int)user),
            1 => ("UPDATE users SET name = 'n' WHERE id = $1", (int)user),
            2 => ("SELECT name FROM users WHERE id = $1", (int)user),
            3 => ("SELECT count(*) FROM posts WHERE user_id = $1", (int)user),
            4 => ("UPDATE posts SET note = 'changed' WHERE id = $1", (int)post),
            _ => deep ? ("INSERT INTO comments (post_id, note) VALUES ($1, 'a new one')", (int)post) : ("SELECT note FROM posts WHERE id = $1", (int)post),
        };
    }

    private static async Task FillAsync(NpgsqlDataSource source, bool deep)
    {
        await using var connection = await source.OpenConnectionAsync();
        await ExecuteAsync(connection, $"CREATE TABLE users (id integer PRIMARY KEY, name text NOT NULL); INSERT INTO users SELECT n, 'user ' || n FROM generate_series({Whale + 1}, {Whale + Others}) n");
        await ExecuteAsync(connection, $"CREATE TABLE posts (id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY, user_id integer NOT NULL REFERENCES users ON DELETE CASCADE, note text NOT NULL); CREATE INDEX ON posts (user_id)");
        await ExecuteAsync(connection, $"INSERT INTO posts (user_id, note) SELECT n % {Others} + {Whale + 1}, 'a note of some length, as notes are' FROM generate_series(1, {Others * PostsEach}) n");
        if (!deep) return;
        await ExecuteAsync(connection, $"CREATE TABLE comments (id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY, post_id integer NOT NULL REFERENCES posts ON DELETE CASCADE, note text NOT NULL); CREATE INDEX ON comments (post_id)");
        await ExecuteAsync(connection, "INSERT INTO comments (post_id, note) SELECT id, 'a note of some length, as notes are' FROM posts");
    }

    // The user again, with its rows; statistics know it.
    private static async Task RefillAsync(NpgsqlDataSource source, int posts, bool deep)
    {
        await using var connection = await source.OpenConnectionAsync();
        // Without the checks of a million foreign keys, which would take most of the run.
        await ExecuteAsync(connection, "SET session_replication_role = replica");
        await ExecuteAsync(connection, $"INSERT INTO users VALUES ({Whale}, 'whale') ON CONFLICT DO NOTHING; DELETE FROM posts WHERE user_id = {Whale}");
        await ExecuteAsync(connection, $"INSERT INTO posts (user_id, note) SELECT {Whale}, 'a note of some length, as notes are' FROM generate_series(1, {posts})");
        if (deep) await ExecuteAsync(connection, $"INSERT INTO comments (post_id, note) SELECT id, 'a note of some length, as notes are' FROM posts WHERE user_id = {Whale}");
        await ExecuteAsync(connection, "RESET session_replication_role");
        await ExecuteAsync(connection, "VACUUM ANALYZE");
        await ExecuteAsync(connection, "CHECKPOINT");
    }

    private static async Task ExecuteAsync(NpgsqlConnection connection, string sql)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync();
    }
}
