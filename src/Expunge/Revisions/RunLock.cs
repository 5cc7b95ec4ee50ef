using System.Data;
using System.Diagnostics;
using Expunge.Postgres;
using Npgsql;

namespace Expunge.Revisions;

/// <summary>One run at a time on a database: a session advisory lock, which ends with its connection however that ends, and before that when it is disposed of: a pool keeps the session.</summary>
internal sealed class RunLock : IAsyncDisposable
{
    private const string Key = "hashtext('expunge'), hashtext('run')";

    // A run that was just killed holds it until the server notices, about a second.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(15);

    private readonly NpgsqlConnection _connection;

    private RunLock(NpgsqlConnection connection) => _connection = connection;

    /// <summary>Waits for it a while.</summary>
    /// <exception cref="ExpungeException"><see cref="ErrorCodes.AnotherRun"/>: the message names who has it.</exception>
    public static async Task<RunLock> AcquireAsync(NpgsqlConnection connection, CancellationToken cancellation, TimeSpan? patience = null)
    {
        var clock = Stopwatch.StartNew();
        while (!await connection.ScalarAsync<bool>($"SELECT pg_try_advisory_lock({Key})", cancellation))
        {
            if (clock.Elapsed > (patience ?? Patience)) throw await HolderAsync(connection, cancellation);
            await Task.Delay(100, cancellation);
        }

        return new RunLock(connection);
    }

    public async ValueTask DisposeAsync()
    {
        if (_connection.State != ConnectionState.Open) return;
        try
        {
            await _connection.ExecuteAsync($"SELECT pg_advisory_unlock({Key})", CancellationToken.None);
        }
        catch (NpgsqlException)
        {
            // The connection broke, and the lock went with it.
        }
    }

    private static async Task<ExpungeException> HolderAsync(NpgsqlConnection connection, CancellationToken cancellation)
    {
        var holders = await connection.ListAsync(
            """
            SELECT format('pid %s (%s, as %s, since %s)', a.pid, coalesce(nullif(a.application_name, ''), 'unknown application'), a.usename, to_char(a.backend_start, 'YYYY-MM-DD HH24:MI:SS'))
              FROM pg_locks l JOIN pg_stat_activity a USING (pid)
             WHERE l.locktype = 'advisory' AND l.granted AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
               AND l.classid::bigint = (hashtext('expunge')::bigint & 4294967295) AND l.objid::bigint = (hashtext('run')::bigint & 4294967295)
            """,
            r => r.GetString(0), cancellation);
        return new ExpungeException(
            ErrorCodes.AnotherRun, $"Another run of Expunge is at work on this database: {string.Join(", ", holders.DefaultIfEmpty("it ended just now"))}.",
            "Wait until it has ended, then run the command again. Nothing was changed.");
    }
}
