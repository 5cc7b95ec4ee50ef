using Npgsql;
using ZivoHealth.Sample;

namespace ZivoHealth;

/// <summary>Invented rows for a deployment: skewed as real ones, the same for the same seed.</summary>
public static class SampleData
{
    /// <summary>The user who has about a tenth of all rows.</summary>
    public const int Whale = 7;

    /// <summary>A user who is a doctor: other users' records, prescriptions and appointments name them.</summary>
    public const int Doctor = 2;

    /// <summary>The id of the next user who is created: the one in the document.</summary>
    public const int NextUser = 12345;

    // Users who were deleted by hand before anyone looked for what they left behind.
    private static readonly int[] Orphans = [12001, 12002, 12002];

    /// <summary>Fills every table of a deployment that <see cref="Deployment.CreateAsync"/> has just created, in one transaction.</summary>
    /// <param name="connection">An open connection to the deployment's database.</param>
    /// <param name="users">How many users, 10 to 12,000; each has some 250 rows on average. Their ids start at 2.</param>
    /// <param name="seed">The same seed gives the same rows.</param>
    /// <param name="ct">Cancels.</param>
    /// <returns>The number of rows written, users included.</returns>
    public static async Task<long> FillAsync(NpgsqlConnection connection, int users = 1000, int seed = 67, CancellationToken ct = default)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(users, 10);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(users, 12_000);

        var tables = await SampleCatalog.ReadAsync(connection, ct);
        var random = new Random(seed);
        var filler = new TableFiller(connection, new Population(users, Whale, random), random);

        await using var transaction = await connection.BeginTransactionAsync(ct);
        long rows = 0;
        foreach (var table in tables) rows += await filler.FillAsync(table, ct);
        foreach (var table in tables) await AdvanceSequencesAsync(table, connection, ct);
        await ExecuteAsync("SELECT setval('users_id_seq', $1, false)", (long)NextUser, connection, ct);
        await ExecuteAsync("UPDATE chat_sessions SET last_message_id = m.id FROM (SELECT session_id, max(id) AS id FROM chat_messages GROUP BY session_id) m WHERE m.session_id = chat_sessions.id", null, connection, ct);
        rows += await ExecuteAsync("INSERT INTO search_queries (user_id, query) SELECT unnest($1), 'headache'", Orphans, connection, ct);
        await transaction.CommitAsync(ct);

        await ExecuteAsync("ANALYZE", null, connection, ct);
        return rows;
    }

    private static async Task AdvanceSequencesAsync(SampleTable table, NpgsqlConnection connection, CancellationToken ct)
    {
        foreach (var column in table.Columns.Where(c => c.Serial))
            await ExecuteAsync($"SELECT setval(pg_get_serial_sequence($1, '{column.Name}'), max(\"{column.Name}\")) FROM \"{table.Name}\"", table.Name, connection, ct);
    }

    private static async Task<int> ExecuteAsync(string sql, object? parameter, NpgsqlConnection connection, CancellationToken ct)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        if (parameter is not null) command.Parameters.Add(new() { Value = parameter });
        return await command.ExecuteNonQueryAsync(ct);
    }
}
