using Npgsql;

namespace Expunge.Postgres;

/// <summary>One-line statements. Values are always positional parameters (<c>$1</c>); in a list, so that an array is one value and not many.</summary>
public static class Commands
{
    private const string RolesPath = "SET LOCAL search_path TO DEFAULT";
    private const string OurPath = "SET LOCAL search_path = pg_catalog";

    /// <summary>Executes a statement and answers with the number of rows that it changed.</summary>
    /// <param name="connection">An open connection.</param>
    /// <param name="sql">The statement.</param>
    /// <param name="cancellation">Cancels it.</param>
    /// <param name="values">The values of <c>$1</c>, <c>$2</c>, …; a <see cref="NpgsqlParameter"/> where the type must be said.</param>
    /// <exception cref="NpgsqlException">The server refused it or the connection broke.</exception>
    public static async Task<int> ExecuteAsync(this NpgsqlConnection connection, string sql, CancellationToken cancellation, params List<object?> values)
    {
        await using var command = Command(connection, sql, values);
        return await command.ExecuteNonQueryAsync(cancellation);
    }

    /// <summary>Executes a query for one value; the type's default where there is no row or the value is NULL.</summary>
    /// <typeparam name="T">The value's type as Npgsql reads it.</typeparam>
    /// <inheritdoc cref="ExecuteAsync"/>
    public static async Task<T> ScalarAsync<T>(this NpgsqlConnection connection, string sql, CancellationToken cancellation, params List<object?> values)
    {
        await using var command = Command(connection, sql, values);
        return await command.ExecuteScalarAsync(cancellation) is T value ? value : default!;
    }

    /// <summary>Executes a query and reads all of its rows.</summary>
    /// <typeparam name="T">What a row is read as.</typeparam>
    /// <param name="connection">An open connection.</param>
    /// <param name="sql">The statement.</param>
    /// <param name="row">Reads one row.</param>
    /// <param name="cancellation">Cancels it.</param>
    /// <param name="values">The values of <c>$1</c>, <c>$2</c>, …</param>
    /// <exception cref="NpgsqlException">The server refused it or the connection broke.</exception>
    public static async Task<List<T>> ListAsync<T>(this NpgsqlConnection connection, string sql, Func<NpgsqlDataReader, T> row, CancellationToken cancellation, params List<object?> values)
    {
        await using var command = Command(connection, sql, values);
        await using var reader = await command.ExecuteReaderAsync(cancellation);
        var rows = new List<T>();
        while (await reader.ReadAsync(cancellation)) rows.Add(row(reader));
        return rows;
    }

    /// <summary>
    /// Executes DDL, within a transaction, with the search_path that the role has of its own, as its migrations do: the functions of event triggers may need it. DDL of ours qualifies every name.
    /// </summary>
    internal static Task<int> ExecuteDdlAsync(this NpgsqlConnection connection, string sql, CancellationToken cancellation) => connection.ExecuteAsync($"{RolesPath}; {sql}; {OurPath}", cancellation);

    /// <summary>The same for <see cref="ExecuteBatchAsync"/>, together with what else is to be executed in that round trip.</summary>
    internal static IEnumerable<NpgsqlBatchCommand> Ddl(IEnumerable<string> statements) => statements.Prepend(RolesPath).Append(OurPath).Select(sql => new NpgsqlBatchCommand(sql));

    /// <summary>Executes a statement that the server may refuse; says whether it did it.</summary>
    internal static async Task<bool> TryExecuteAsync(this NpgsqlConnection connection, string sql, CancellationToken cancellation)
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

    /// <summary>Executes statements in one round trip; where one fails, those after it are not executed.</summary>
    internal static async Task ExecuteBatchAsync(this NpgsqlConnection connection, IEnumerable<NpgsqlBatchCommand> commands, CancellationToken cancellation)
    {
        await using var batch = new NpgsqlBatch(connection);
        foreach (var command in commands) batch.BatchCommands.Add(command);
        await batch.ExecuteNonQueryAsync(cancellation);
    }

    /// <summary>A statement for <see cref="ExecuteBatchAsync"/>.</summary>
    internal static NpgsqlBatchCommand BatchCommand(string sql, List<object?> values)
    {
        var command = new NpgsqlBatchCommand(sql);
        foreach (var value in values) command.Parameters.Add(Parameter(value));
        return command;
    }

    /// <summary>Oids as one value; Npgsql would take <c>uint[]</c> for nothing that PostgreSQL has.</summary>
    internal static NpgsqlParameter Oids(IEnumerable<uint> oids) => new() { Value = oids.ToArray(), NpgsqlDbType = NpgsqlTypes.NpgsqlDbType.Array | NpgsqlTypes.NpgsqlDbType.Oid };

    private static NpgsqlParameter Parameter(object? value) => value as NpgsqlParameter ?? new NpgsqlParameter { Value = value ?? DBNull.Value };

    private static NpgsqlCommand Command(NpgsqlConnection connection, string sql, List<object?> values)
    {
        var command = new NpgsqlCommand(sql, connection);
        foreach (var value in values) command.Parameters.Add(Parameter(value));
        return command;
    }
}
