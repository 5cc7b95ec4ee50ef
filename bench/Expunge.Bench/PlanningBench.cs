using System.Diagnostics;
using Expunge.Embedded;
using Expunge.Policy;
using Expunge.Postgres;
using Expunge.Revisions;
using Npgsql;

namespace Expunge.Bench;

/// <summary>Reading the catalog, following the references and planning, for databases of many foreign keys; beside it the query of the original document.</summary>
internal static class PlanningBench
{
    private const int Rounds = 5;

    private const string InformationSchema =
        """
        SELECT tc.table_name, kcu.column_name, rc.delete_rule
          FROM information_schema.table_constraints AS tc
          JOIN information_schema.key_column_usage AS kcu ON tc.constraint_name = kcu.constraint_name
          JOIN information_schema.referential_constraints AS rc ON rc.constraint_name = tc.constraint_name
          JOIN information_schema.constraint_column_usage AS ccu ON ccu.constraint_name = tc.constraint_name
         WHERE tc.constraint_type = 'FOREIGN KEY' AND ccu.table_name = 'users'
        """;

    public static async Task RunAsync(bool small)
    {
        await using var server = await EmbeddedPostgres.StartAsync(new EmbeddedPostgresOptions { Settings = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase) { ["max_locks_per_transaction"] = "20000" } });
        Console.WriteLine($"PostgreSQL {server.Binaries.Version}, {Environment.ProcessorCount} cores; median of {Rounds} rounds, interleaved.\n\n| foreign keys | snapshot | reach and plan | together | allocated | information_schema (the document's query) |\n|---|---|---|---|---|---|");
        foreach (var keys in small ? [100, 1_000] : (int[])[100, 1_000, 10_000]) await RowAsync(server, keys);
    }

    private static async Task RowAsync(EmbeddedPostgres server, int keys)
    {
        await using (var admin = new NpgsqlConnection(server.ConnectionString))
        {
            await admin.OpenAsync();
            await ExecuteAsync(admin, $"CREATE DATABASE keys_{keys}");
        }

        var connectionString = server.ConnectionStringTo($"keys_{keys}");
        await using var connection = new NpgsqlConnection(connectionString);
        await connection.OpenAsync();
        await ExecuteAsync(connection, "CREATE TABLE users (id integer PRIMARY KEY)");
        // Every tenth leads to another child: depth, too.
        for (var first = 1; first <= keys; first += 500)
        {
            await ExecuteAsync(connection, string.Concat(Enumerable.Range(first, Math.Min(500, keys - first + 1)).Select(n =>
                $"CREATE TABLE child_{n} (id integer PRIMARY KEY, parent integer REFERENCES {(n % 10 == 0 ? $"child_{n - 1}" : "users")});")));
        }

        await ExecuteAsync(connection, "VACUUM ANALYZE");
        await using var database = new Database(new NpgsqlConnectionStringBuilder(connectionString));
        var policy = new PolicyFile { Root = new QualifiedName("public", "users") };
        var (snapshots, plans, allocated, queries) = (new List<double>(), new List<double>(), new List<double>(), new List<double>());
        for (var round = 0; round <= Rounds; round++)
        {
            var before = GC.GetTotalAllocatedBytes(precise: true);
            var clock = Stopwatch.StartNew();
            var catalog = await database.ReadCatalogAsync();
            var read = clock.Elapsed.TotalMilliseconds;
            var plan = Planner.Upgrade(Decisions.Of(catalog, policy));
            var planned = clock.Elapsed.TotalMilliseconds - read;
            if (plan.Steps.Length < keys) throw new InvalidOperationException($"{plan.Steps.Length} steps for {keys} foreign keys.");
            if (round == 0) continue;
            snapshots.Add(read);
            plans.Add(planned);
            allocated.Add((GC.GetTotalAllocatedBytes(precise: true) - before) / 1e6);
            if (keys > 1_000) continue;
            clock.Restart();
            await ExecuteAsync(connection, InformationSchema);
            queries.Add(clock.Elapsed.TotalMilliseconds);
        }

        Console.WriteLine($"| {keys:N0} | {Median(snapshots):0} ms | {Median(plans):0} ms | {Median([.. snapshots.Zip(plans, (s, p) => s + p)]):0} ms | {Median(allocated):0.0} MB | {(queries.Count == 0 ? "over a minute, left out" : $"{Median(queries):0} ms")} |");
    }

    private static double Median(List<double> values) => values.Order().ElementAt(values.Count / 2);

    private static async Task ExecuteAsync(NpgsqlConnection connection, string sql)
    {
        await using var command = new NpgsqlCommand(sql, connection) { CommandTimeout = 0 };
        await command.ExecuteNonQueryAsync();
    }
}
