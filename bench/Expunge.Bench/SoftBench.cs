using System.Diagnostics;
using Expunge.Embedded;
using Expunge.Policy;
using Expunge.Postgres;
using Expunge.Verification;
using Npgsql;

namespace Expunge.Bench;

/// <summary>The search for columns without a foreign key in 100 large tables, each with two that hold users' keys and four that don't: with and without the planner's statistics, and after a restart of the server.</summary>
internal static class SoftBench
{
    private const int Tables = 100;

    public static async Task RunAsync(bool small)
    {
        var (perTable, users, rounds) = small ? (10_000, 10_000, 2) : (200_000, 200_000, 3);
        await using var server = await BenchServer.StartAsync();
        var clock = Stopwatch.StartNew();
        await ExecuteAsync(server, $"CREATE TABLE users (id integer PRIMARY KEY, name text NOT NULL); INSERT INTO users SELECT n, 'user ' || n FROM generate_series(1, {users}) n WHERE n % 7 <> 0");
        for (var n = 1; n <= Tables; n++)
        {
            await ExecuteAsync(
                server,
                $"""
                CREATE TABLE events_{n} (id bigserial PRIMARY KEY, user_id integer, actor_id integer, resource_id integer, karma integer, weight_g integer, external_ref text, note text NOT NULL);
                INSERT INTO events_{n} (user_id, actor_id, resource_id, karma, weight_g, external_ref, note)
                SELECT u - (u % 7 = 0)::int, a - (a % 7 = 0)::int, 1 + i * 31 % {users}, i % 1000, i * 17 % 90000, i, 'a note of some length, as notes are'
                  FROM (SELECT i, 1 + i * 13 % ({users} - 1) AS u, 1 + i * 29 % ({users} - 1) AS a FROM generate_series(1, {perTable}) i) s
                """);
        }

        Console.WriteLine($"\nPostgreSQL {server.Binaries.Version}; {Tables} tables with {perTable:N0} rows each, {(long)Tables * perTable:N0} in all, made in {clock.Elapsed.TotalSeconds:0} s.");
        Console.WriteLine("\n| round | never analyzed | after a restart | analyzed | after a restart |\n|---|---|---|---|---|");
        for (var round = 1; round <= rounds; round++)
        {
            await ExecuteAsync(server, "DELETE FROM pg_statistic");
            var times = new List<TimeSpan> { await SearchAsync(server), await RestartedAsync(server) };
            await ExecuteAsync(server, "ANALYZE");
            times.AddRange([await SearchAsync(server), await RestartedAsync(server)]);
            Console.WriteLine($"| {round} | {string.Join(" | ", times.Select(t => $"{t.TotalSeconds:0.00} s"))} |");
        }
    }

    private static async Task<TimeSpan> RestartedAsync(EmbeddedPostgres server)
    {
        NpgsqlConnection.ClearAllPools();
        await server.RestartAsync(immediate: false);
        return await SearchAsync(server);
    }

    private static async Task<TimeSpan> SearchAsync(EmbeddedPostgres server)
    {
        var clock = Stopwatch.StartNew();
        await using var database = new Database(new NpgsqlConnectionStringBuilder(server.ConnectionString));
        var report = await SoftSearch.FindAsync(database, new PolicyFile { Root = new QualifiedName("public", "users") }, TimeSpan.FromMinutes(10));
        var time = clock.Elapsed;
        if (report.Proposed.Count() != 2 * Tables || report.Unread.Length > 0) throw new InvalidOperationException($"Found {report.Proposed.Count()} columns, not {2 * Tables}; {report.Unread.Length} tables unread.");
        return time;
    }

    private static async Task ExecuteAsync(EmbeddedPostgres server, string sql)
    {
        await using var connection = new NpgsqlConnection(server.ConnectionString);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection) { CommandTimeout = 0 };
        await command.ExecuteNonQueryAsync();
    }
}
