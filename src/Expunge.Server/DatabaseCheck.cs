using System.Diagnostics;
using Expunge.Postgres;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Npgsql;

namespace Expunge.Server;

/// <summary>Ready means that the database answers.</summary>
internal sealed class DatabaseCheck(Database database) : IHealthCheck, IAsyncDisposable
{
    // A connection of its own: requests that wait for locks with all of the pool's don't make the server unready.
    private readonly Database _own = new(new NpgsqlConnectionStringBuilder(database.Settings.ConnectionString) { Timeout = 5 });

    private readonly Lock _gate = new();
    private Task<HealthCheckResult>? _check;
    private long _begunAt;

    /// <summary>Looks once at a time, and not again within a second of finding it there: anybody may ask, as often as they like.</summary>
    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        lock (_gate)
        {
            var isKnown = _check is { IsCompletedSuccessfully: true, Result.Status: HealthStatus.Healthy } && Stopwatch.GetElapsedTime(_begunAt) < TimeSpan.FromSeconds(1);
            if (_check is null || (_check.IsCompleted && !isKnown)) (_begunAt, _check) = (Stopwatch.GetTimestamp(), LookAsync());
            return _check.WaitAsync(cancellationToken);
        }
    }

    private async Task<HealthCheckResult> LookAsync()
    {
        try
        {
            await using var connection = await _own.OpenAsync();
            await connection.ExecuteAsync("SELECT", CancellationToken.None);
            return HealthCheckResult.Healthy();
        }
        catch (Exception e) when (e is ExpungeException or NpgsqlException)
        {
            return HealthCheckResult.Unhealthy(e.Message);
        }
    }

    public ValueTask DisposeAsync() => _own.DisposeAsync();
}
