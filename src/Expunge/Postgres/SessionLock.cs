using System.Data;
using System.Diagnostics;
using Npgsql;

namespace Expunge.Postgres;

/// <summary>A session advisory lock (PostgreSQL docs 13.3.5), which ends with its connection however that ends, and before that when it is disposed of: a pool keeps the session.</summary>
internal sealed class SessionLock : IAsyncDisposable
{
    private readonly NpgsqlConnection _connection;
    private readonly string _key;

    private SessionLock(NpgsqlConnection connection, string key) => (_connection, _key) = (connection, key);

    /// <summary>Takes it.</summary>
    /// <param name="connection">The session.</param>
    /// <param name="key">Two SQL expressions for integers.</param>
    /// <param name="patience">How long to wait for another session; one whose process was just killed holds it until the server notices, about a second.</param>
    /// <param name="cancellation">Ends the waiting.</param>
    /// <returns>Null where another session has it.</returns>
    public static async Task<SessionLock?> TryAcquireAsync(NpgsqlConnection connection, string key, TimeSpan patience, CancellationToken cancellation)
    {
        var clock = Stopwatch.StartNew();
        while (!await connection.ScalarAsync<bool>($"SELECT pg_try_advisory_lock({key})", cancellation))
        {
            if (clock.Elapsed > patience) return null;
            await Task.Delay(100, cancellation);
        }

        return new SessionLock(connection, key);
    }

    public async ValueTask DisposeAsync()
    {
        if (_connection.State != ConnectionState.Open) return;
        try
        {
            await _connection.ExecuteAsync($"SELECT pg_advisory_unlock({_key})", CancellationToken.None);
        }
        catch (NpgsqlException)
        {
            // The connection broke, and the lock went with it.
        }
    }
}
