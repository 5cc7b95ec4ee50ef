using Npgsql;

namespace Expunge.Postgres;

/// <summary>One-line statements. Values are always positional parameters (<c>$1</c>); in a list, so that an array is one value and not many.</summary>
internal static class Commands
{
    public static async Task<int> ExecuteAsync(this NpgsqlConnection connection, string sql, CancellationToken cancellation, params List<object?> values)
    {
        await using var command = Command(connection, sql, values);
        return await command.ExecuteNonQueryAsync(cancellation);
    }

    public static async Task<T> ScalarAsync<T>(this NpgsqlConnection connection, string sql, CancellationToken cancellation, params List<object?> values)
    {
        await using var command = Command(connection, sql, values);
        return await command.ExecuteScalarAsync(cancellation) is T value ? value : default!;
    }

    public static async Task<List<T>> ListAsync<T>(this NpgsqlConnection connection, string sql, Func<NpgsqlDataReader, T> row, CancellationToken cancellation, params List<object?> values)
    {
        await using var command = Command(connection, sql, values);
        await using var reader = await command.ExecuteReaderAsync(cancellation);
        var rows = new List<T>();
        while (await reader.ReadAsync(cancellation)) rows.Add(row(reader));
        return rows;
    }

    /// <summary>Executes a statement that the server may refuse; says whether it did it.</summary>
    public static async Task<bool> TryExecuteAsync(this NpgsqlConnection connection, string sql, CancellationToken cancellation)
    {
        try
        {
            await connection.ExecuteAsync(sql, cancellation);
            return true;
        }
        catch (PostgresException)
        {
            return false;
        }
    }

    private static NpgsqlCommand Command(NpgsqlConnection connection, string sql, List<object?> values)
    {
        var command = new NpgsqlCommand(sql, connection);
        foreach (var value in values) command.Parameters.Add(value as NpgsqlParameter ?? new NpgsqlParameter { Value = value ?? DBNull.Value });
        return command;
    }
}
