using System.Diagnostics;
using Expunge.Deletion;
using Expunge.Policy;
using Expunge.Postgres;
using Npgsql;

namespace Expunge.Bench;

/// <summary>
/// Users with rows in 100 tables are deleted one by one with a cascade, by the hand-written statement for each table, and by a deletion of Expunge with its counts, checkpoints, receipt and residual scan. Each way takes
/// users of its own from the same database, in turn.
/// </summary>
internal static class DeletionBench
{
    public static async Task RunAsync(bool small)
    {
        await KindAsync("sparse", rowsPerTable: 1, users: small ? 100 : 1000, rounds: small ? 2 : 5);
        await KindAsync("dense", rowsPerTable: 20, users: small ? 20 : 200, rounds: small ? 2 : 5);
    }

    private static async Task KindAsync(string kind, int rowsPerTable, int users, int rounds)
    {
        await using var server = await BenchServer.StartAsync();
        await using var source = NpgsqlDataSource.Create(new NpgsqlConnectionStringBuilder(server.ConnectionString) { CommandTimeout = 0, MaxAutoPrepare = 200, AutoPrepareMinUsages = 1 });
        // Both keep their connections from round to round, as a server does.
        await using var database = new Database(new NpgsqlConnectionStringBuilder(server.ConnectionString), pooling: true);
        var perRound = 3 * users;
        await HundredTables.CreateAsync(source, (rounds * perRound) + users, rowsPerTable);
        Console.WriteLine($"\nPostgreSQL {server.Binaries.Version}; {kind}: {users} users a round and way, {await HundredTables.RowsOfAsync(source, 1)} rows each, in 100 tables at depth 1 to 3.");
        Console.WriteLine("\n| round | one by one, cascade | 100 statements a user | Expunge | × one by one | × 100 statements |\n|---|---|---|---|---|---|");
        var (ofCascade, ofStatements) = (new List<double>(), new List<double>());
        var first = 1;
        for (var round = 0; round <= rounds; round++)
        {
            // Whoever comes first has the colder cache: the ways take turns. Round 0 is to warm up, with a third of the users each.
            var times = new TimeSpan[3];
            var each = round == 0 ? users / 3 : users;
            foreach (var way in Enumerable.Range(0, 3).Select(w => (w + round) % 3))
            {
                var ids = Enumerable.Range(first, each).ToArray();
                first += each;
                var clock = Stopwatch.StartNew();
                await (way switch { 0 => CascadeAsync(source, ids), 1 => StatementsAsync(source, ids), _ => ExpungeAsync(database, ids) });
                times[way] = clock.Elapsed;
            }

            if (round == 0) continue;
            ofCascade.Add(times[0] / times[2]);
            ofStatements.Add(times[1] / times[2]);
            Console.WriteLine($"| {round} | {times[0].TotalSeconds:0.00} s | {times[1].TotalSeconds:0.00} s | {times[2].TotalSeconds:0.00} s | {ofCascade[^1]:0.00} | {ofStatements[^1]:0.00} |");
        }

        Console.WriteLine($"| median | | | | **{Median(ofCascade):0.00}** | **{Median(ofStatements):0.00}** |");
    }

    public static double Median(IEnumerable<double> values) => values.Order().ToList() is var sorted ? sorted[sorted.Count / 2] : 0;

    public static async Task CascadeAsync(NpgsqlDataSource source, int[] ids)
    {
        await using var connection = await source.OpenConnectionAsync();
        foreach (var id in ids)
        {
            await using var command = new NpgsqlCommand("DELETE FROM users WHERE id = $1", connection) { Parameters = { new NpgsqlParameter { Value = id } } };
            if (await command.ExecuteNonQueryAsync() != 1) throw new InvalidOperationException($"user {id} was not there");
        }
    }

    // As applications do it: the deepest tables first, in one transaction a user.
    private static async Task StatementsAsync(NpgsqlDataSource source, int[] ids)
    {
        await using var connection = await source.OpenConnectionAsync();
        foreach (var id in ids)
        {
            await using var transaction = await connection.BeginTransactionAsync();
            foreach (var statement in HundredTables.Statements)
            {
                await using var command = new NpgsqlCommand(statement, connection) { Parameters = { new NpgsqlParameter { Value = id } } };
                await command.ExecuteNonQueryAsync();
            }

            await transaction.CommitAsync();
        }
    }

    public static async Task<DeletionJob> ExpungeAsync(string connectionString, IEnumerable<int> ids)
    {
        await using var database = new Database(new NpgsqlConnectionStringBuilder(connectionString));
        return await ExpungeAsync(database, ids);
    }

    public static async Task<DeletionJob> ExpungeAsync(Database database, IEnumerable<int> ids)
    {
        var policy = new PolicyFile { Root = QualifiedName.Parse("users") };
        var (job, _) = await Deletions.CreateAsync(database, policy, new DeletionRequest { Ids = ids.Select(id => $"{id}").ToAsyncEnumerable() });
        job = await DeletionRunner.RunAsync(database, policy, job.Id, new DeletionOptions());
        return job.State == DeletionState.Completed && job.Subjects.NotFound == 0 ? job : throw new InvalidOperationException($"{job.State}: {job.Reason}");
    }
}
