using Npgsql;

namespace ZivoHealth.Tests;

/// <summary>The one place that knows which server the tests run on.</summary>
internal static class Server
{
    private static readonly Lazy<NpgsqlConnectionStringBuilder> Connection = new(() => new(
        Environment.GetEnvironmentVariable("EXPUNGE_TEST_SERVER") ?? throw new InvalidOperationException("Set EXPUNGE_TEST_SERVER to an Npgsql string of a server where the tests may create databases.")));

    /// <summary>Creates an empty database with a name of its own.</summary>
    public static async Task<NpgsqlConnection> CreateDatabaseAsync()
    {
        var name = $"zivo_test_{Guid.NewGuid():N}";
        await ExecuteAsync($"CREATE DATABASE \"{name}\"");
        var connection = new NpgsqlConnection(ConnectionString(name));
        await connection.OpenAsync();
        return connection;
    }

    public static async Task DropDatabaseAsync(NpgsqlConnection connection)
    {
        await connection.DisposeAsync();
        await ExecuteAsync($"DROP DATABASE IF EXISTS \"{connection.Database}\" WITH (FORCE)");
    }

    private static async Task ExecuteAsync(string sql)
    {
        await using var connection = new NpgsqlConnection(ConnectionString("postgres"));
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync();
    }

    private static string ConnectionString(string database) =>
        new NpgsqlConnectionStringBuilder(Connection.Value.ConnectionString) { Database = database, Pooling = false }.ConnectionString;
}
