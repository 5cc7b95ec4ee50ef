using System.Globalization;
using Npgsql;
using Xunit;

namespace ZivoHealth.Tests;

/// <summary>A filled deployment in a database of its own; what a test changes, it rolls back.</summary>
public abstract class DeploymentFixture(bool legacy) : IAsyncLifetime
{
    private NpgsqlConnection? connection;

    public NpgsqlConnection Connection => connection ?? throw new InvalidOperationException("Not initialized.");

    /// <summary>What the generator said it wrote.</summary>
    public long Rows { get; private set; }

    public async ValueTask InitializeAsync()
    {
        connection = await Server.CreateDatabaseAsync();
        await Deployment.CreateAsync(connection, legacy);
        Rows = await SampleData.FillAsync(connection, users: 50);
    }

    public async ValueTask DisposeAsync()
    {
        if (connection is not null) await Server.DropDatabaseAsync(connection);
        GC.SuppressFinalize(this);
    }

    public async Task<long> CountAsync(string sql)
    {
        await using var command = new NpgsqlCommand(sql, Connection);
        return Convert.ToInt64(await command.ExecuteScalarAsync(), CultureInfo.InvariantCulture);
    }

    public async Task<IReadOnlyList<string>> NamesAsync(string sql)
    {
        await using var command = new NpgsqlCommand(sql, Connection);
        await using var reader = await command.ExecuteReaderAsync();
        var names = new List<string>();
        while (await reader.ReadAsync()) names.Add(reader.GetString(0));
        return names;
    }

    public async Task ExecuteAsync(string sql)
    {
        await using var command = new NpgsqlCommand(sql, Connection);
        await command.ExecuteNonQueryAsync();
    }
}

/// <summary>The usual deployment.</summary>
public sealed class CurrentDeployment() : DeploymentFixture(legacy: false);

/// <summary>An old deployment.</summary>
public sealed class LegacyDeployment() : DeploymentFixture(legacy: true);
