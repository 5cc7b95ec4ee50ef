using Npgsql;
using Xunit;

namespace Expunge.Tests;

/// <summary>The one place that knows where tests find a PostgreSQL server: <c>EXPUNGE_TEST_SERVER</c>, an Npgsql string of a superuser. Without it, tests that need one are skipped.</summary>
public static class TestServer
{
    private static readonly Lazy<string?> Server = new(() => Environment.GetEnvironmentVariable("EXPUNGE_TEST_SERVER"));

    /// <summary>A new, empty database on the server; <see cref="DropDatabaseAsync"/> removes it.</summary>
    public static async Task<NpgsqlConnectionStringBuilder> CreateDatabaseAsync()
    {
        Assert.SkipUnless(Server.Value is { Length: > 0 }, "EXPUNGE_TEST_SERVER names no server");
        var database = new NpgsqlConnectionStringBuilder(Server.Value) { Database = $"expunge_test_{Guid.NewGuid():N}", Pooling = false };
        await ExecuteAsync(new(Server.Value) { Pooling = false }, $"CREATE DATABASE {database.Database}");
        return database;
    }

    public static Task DropDatabaseAsync(NpgsqlConnectionStringBuilder database) => ExecuteAsync(new(Server.Value) { Pooling = false }, $"DROP DATABASE {database.Database} WITH (FORCE)");

    public static async Task ExecuteAsync(NpgsqlConnectionStringBuilder database, string sql)
    {
        await using var connection = new NpgsqlConnection(database.ConnectionString);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync();
    }

    public static async Task<int> MajorVersionAsync(NpgsqlConnectionStringBuilder database)
    {
        await using var connection = new NpgsqlConnection(database.ConnectionString);
        await connection.OpenAsync();
        return connection.PostgreSqlVersion.Major;
    }
}
