using Expunge.Testing;
using Npgsql;

namespace ZivoHealth.Tests;

/// <summary>Databases for the tests, on the test process's own server.</summary>
internal static class Server
{
    /// <summary>Creates an empty database with a name of its own.</summary>
    public static async Task<NpgsqlConnection> CreateDatabaseAsync() => await TestServer.OpenAsync(await TestServer.EmptyAsync());

    /// <summary>The database goes with the server.</summary>
    public static async Task DropDatabaseAsync(NpgsqlConnection connection) => await connection.DisposeAsync();
}
