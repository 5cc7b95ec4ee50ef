using Expunge.Embedded;
using Npgsql;

namespace Expunge.Testing;

/// <summary>
/// One real PostgreSQL server a test process (EXPUNGE_PG_BIN chooses which), and databases on it. A database that many tests need is made once and copied.
/// </summary>
public static class TestServer
{
    // Of hundreds of databases autovacuum looks at ten a second, an eighth of the machine. Tests that are about it have a server of their own.
    private static readonly Lazy<Task<EmbeddedPostgres>> Running = new(() =>
        EmbeddedPostgres.StartAsync(new EmbeddedPostgresOptions { Settings = new Dictionary<string, string>(StringComparer.Ordinal) { ["autovacuum"] = "off" } }));

    private static readonly Dictionary<string, Task<string>> Templates = [];
    private static readonly SemaphoreSlim OneAtATime = new(1);
    private static int _databases;

    public static Task<EmbeddedPostgres> Server => Running.Value;

    public static async Task<int> MajorVersionAsync() => (await Server).Binaries.MajorVersion;

    /// <summary>An empty database of its own for a test.</summary>
    /// <returns>Its connection string, as superuser.</returns>
    public static Task<string> EmptyAsync() => CreateAsync("template1");

    /// <summary>A database of its own, copied from one that <paramref name="fill"/> made the first time.</summary>
    public static async Task<string> CopyAsync(string name, Func<NpgsqlConnection, Task> fill)
    {
        Task<string> template;
        lock (Templates)
        {
            if (!Templates.TryGetValue(name, out template!)) Templates[name] = template = MakeAsync(name, fill);
        }

        return await CreateAsync(await template);
    }

    /// <summary>ZivoHealth before migration 067 with a few users.</summary>
    public static Task<string> ZivoHealthAsync(bool legacy = false) => CopyAsync(legacy ? "zivo_legacy" : "zivo", async connection =>
    {
        await ZivoHealth.Deployment.CreateAsync(connection, legacy);
        await ZivoHealth.SampleData.FillAsync(connection, users: 40);
    });

    public static async Task<NpgsqlConnection> OpenAsync(string connectionString)
    {
        var connection = new NpgsqlConnection(new NpgsqlConnectionStringBuilder(connectionString) { Pooling = false }.ConnectionString);
        await connection.OpenAsync();
        return connection;
    }

    public static async Task ExecuteAsync(string connectionString, string sql)
    {
        await using var connection = await OpenAsync(connectionString);
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync();
    }

    private static async Task<string> MakeAsync(string name, Func<NpgsqlConnection, Task> fill)
    {
        var connectionString = await CreateAsync("template1", $"template_{name}");
        await using var connection = await OpenAsync(connectionString);
        await fill(connection);
        return $"template_{name}";
    }

    private static async Task<string> CreateAsync(string template, string? name = null)
    {
        var server = await Server;
        name ??= $"test_{Interlocked.Increment(ref _databases)}";
        // CREATE DATABASE refuses while somebody else copies the same template.
        await OneAtATime.WaitAsync();
        try
        {
            await ExecuteAsync(server.ConnectionString, $"CREATE DATABASE \"{name}\" TEMPLATE \"{template}\"");
        }
        finally
        {
            OneAtATime.Release();
        }

        return server.ConnectionStringTo(name);
    }
}
