using Expunge.Postgres;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Expunge.Server;

/// <summary>Ready means that the database answers.</summary>
internal sealed class DatabaseCheck(Database database) : IHealthCheck
{
    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        try
        {
            await using var connection = await database.OpenAsync(cancellationToken);
            await connection.ExecuteAsync("SELECT", cancellationToken);
            return HealthCheckResult.Healthy();
        }
        catch (Exception e) when (e is ExpungeException or Npgsql.NpgsqlException)
        {
            return HealthCheckResult.Unhealthy(e.Message);
        }
    }
}
