using Expunge.Postgres;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Npgsql;

namespace Expunge.Server;

/// <summary>Ready means that the database answers.</summary>
internal sealed class DatabaseCheck(Database database) : IHealthCheck, IAsyncDisposable
{
    // A connection of its own: requests that wait for locks with all of the pool's don't make the server unready.
    private readonly Database _own = new(new NpgsqlConnectionStringBuilder(database.Settings.ConnectionString) { Timeout = 5 });

    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        try
        {
            await using var connection = await _own.OpenAsync(cancellationToken);
            await connection.ExecuteAsync("SELECT", cancellationToken);
            return HealthCheckResult.Healthy();
        }
        catch (Exception e) when (e is ExpungeException or NpgsqlException)
        {
            return HealthCheckResult.Unhealthy(e.Message);
        }
    }

    public ValueTask DisposeAsync() => _own.DisposeAsync();
}
