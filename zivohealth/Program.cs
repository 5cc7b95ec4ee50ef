using System.Diagnostics;
using Npgsql;

namespace ZivoHealth;

internal static class Program
{
    private const string Usage =
        """
        usage: dotnet run --project zivohealth -- CONNECTION [--users N] [--legacy]

          CONNECTION   an empty database, as an Npgsql string: "Host=localhost;Username=postgres;Database=zivohealth"
          --users N    how many sample users, 10 to 12000 (1000)
          --legacy     an old deployment: the nine legacy tables instead of the wellness module
        """;

    private static async Task<int> Main(string[] args)
    {
        var (connectionString, users, legacy) = Read(args);
        if (connectionString is null)
        {
            await Console.Error.WriteLineAsync(Usage);
            return 2;
        }

        try
        {
            var time = Stopwatch.StartNew();
            await using var connection = new NpgsqlConnection(connectionString);
            await connection.OpenAsync();
            await Deployment.CreateAsync(connection, legacy);
            var rows = await SampleData.FillAsync(connection, users);
            Console.WriteLine($"Created ZivoHealth before migration 067: {users:N0} users, {rows:N0} rows, in {time.Elapsed.TotalSeconds:N1} s.");
            return 0;
        }
        catch (PostgresException e) when (e.SqlState == PostgresErrorCodes.DuplicateTable)
        {
            await Console.Error.WriteLineAsync($"The database is not empty: {e.MessageText}. Give an empty one.");
            return 2;
        }
        catch (Exception e) when (e is NpgsqlException or ArgumentException)
        {
            await Console.Error.WriteLineAsync($"Could not create the deployment: {(e as PostgresException)?.MessageText ?? e.Message}");
            return 2;
        }
    }

    // No connection stands for arguments that can't be read.
    private static (string? Connection, int Users, bool Legacy) Read(string[] args)
    {
        var (connection, users, legacy) = ((string?)null, 1000, false);
        for (var i = 0; i < args.Length; i++)
        {
            switch (args[i])
            {
                case "--legacy": legacy = true; break;
                case "--users" when i + 1 < args.Length && int.TryParse(args[i + 1], out users) && users is >= 10 and <= 12_000: i++; break;
                case var text when text.Contains('=', StringComparison.Ordinal) && connection is null: connection = text; break;
                default: return (null, 0, false);
            }
        }

        return (connection, users, legacy);
    }
}
