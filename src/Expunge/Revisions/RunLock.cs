using Expunge.Postgres;
using Npgsql;

namespace Expunge.Revisions;

/// <summary>One run at a time on a database.</summary>
internal static class RunLock
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(15);

    /// <summary>Waits for it a while.</summary>
    /// <exception cref="ExpungeException"><see cref="ErrorCodes.AnotherRun"/>: the message names who has it.</exception>
    public static async Task<SessionLock> AcquireAsync(NpgsqlConnection connection, CancellationToken cancellation, TimeSpan? patience = null) =>
        await SessionLock.TryAcquireAsync(connection, "hashtext('expunge'), hashtext('run')", patience ?? Patience, cancellation) ?? throw await HolderAsync(connection, cancellation);

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
