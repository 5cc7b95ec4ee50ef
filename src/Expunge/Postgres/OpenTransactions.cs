using Npgsql;

namespace Expunge.Postgres;

/// <summary>Names the transactions that others have open, for messages.</summary>
internal static class OpenTransactions
{
    // No query text: it may hold personal data. That of an autovacuum is PostgreSQL's own; a role that may not see it sees no user either.
    internal const string Session =
        """
        format('pid %s (%s, %s, %s s)', a.pid,
               CASE WHEN a.backend_type = 'autovacuum worker' THEN coalesce(nullif(a.query, ''), a.backend_type)
                    ELSE coalesce(nullif(a.application_name, ''), a.backend_type, CASE WHEN a.usesysid IS NULL THEN 'autovacuum' ELSE 'unknown application' END) END,
               coalesce(a.state, 'active'), round(extract(epoch FROM clock_timestamp() - coalesce(a.xact_start, a.backend_start))))
        """;

    // It belongs to no session: PostgreSQL keeps its locks until somebody ends it, also over a restart.
    internal const string Prepared = "format('prepared transaction %L (%s, %s s)', p.gid, p.owner, round(extract(epoch FROM clock_timestamp() - p.prepared)))";

    /// <summary>Those of this database that hold a snapshot, have written or are prepared, oldest first, five at the most.</summary>
    /// <param name="connection">A connection; its own transaction is not named.</param>
    /// <param name="age">How long they have been open at least.</param>
    /// <param name="cancellation">Cancels it.</param>
    public static Task<List<string>> ReadAsync(NpgsqlConnection connection, TimeSpan age, CancellationToken cancellation) => connection.ListAsync(
        $"""
        SELECT session
          FROM (SELECT {Session}, a.xact_start FROM pg_stat_activity a
                 WHERE a.datname = current_database() AND a.pid <> pg_backend_pid() AND (a.backend_xmin IS NOT NULL OR a.backend_xid IS NOT NULL)
                 UNION ALL
                SELECT {Prepared}, p.prepared FROM pg_prepared_xacts p WHERE p.database = current_database()) older (session, since)
         WHERE since <= clock_timestamp() - $1
         ORDER BY since LIMIT 5
        """,
        r => r.GetString(0), cancellation, age);
}
