using System.Collections.Immutable;
using Expunge.Postgres;
using Npgsql;

namespace Expunge.Deletion;

/// <summary>
/// Which deletions the workers carry out, on whatever machine. A worker that dies leaves its deletion in the queue, and the server's end of its session shows that nobody is at work on it. The tables are those of
/// <see cref="ExpungeSchema.EnsureServerAsync"/>.
/// </summary>
public static class DeletionQueue
{
    // Who has DeletionRunner's lock (pg_locks: its two keys are classid and objid, with objsubid 2), and since when its session has not changed its state.
    private const string Quiet =
        """
        SELECT clock_timestamp() - a.state_change FROM pg_locks l JOIN pg_stat_activity a ON a.pid = l.pid
         WHERE l.locktype = 'advisory' AND l.objsubid = 2 AND l.granted AND l.classid = hashtext('expunge deletion')::oid AND l.objid = q.deletion_id::int::oid AND a.datname = current_database()
           AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
        """;

    /// <summary>Gives a deletion to the workers; nothing where they have it.</summary>
    internal static Task<int> AddAsync(NpgsqlConnection connection, long id, CancellationToken cancellation) =>
        connection.ExecuteAsync("INSERT INTO expunge.deletion_queue (deletion_id) VALUES ($1) ON CONFLICT DO NOTHING", cancellation, id);

    /// <summary>What is in the queue, the oldest first: also what is paused, and what is over and not yet taken out.</summary>
    /// <param name="database">The database.</param>
    /// <param name="cancellation">Cancels it.</param>
    public static async Task<ImmutableArray<QueuedDeletion>> ReadAsync(Database database, CancellationToken cancellation = default)
    {
        await using var connection = await database.OpenAsync(cancellation);
        return
        [
            .. await connection.ListAsync(
                $"SELECT q.deletion_id, d.state, q.queued_at, ({Quiet}) FROM expunge.deletion_queue q JOIN expunge.deletion d ON d.id = q.deletion_id ORDER BY q.queued_at, q.deletion_id",
                r => new QueuedDeletion(r.GetInt64(0), Enum.Parse<DeletionState>(r.GetString(1), ignoreCase: true), r.GetFieldValue<DateTimeOffset>(2), r.IsDBNull(3) ? null : r.GetTimeSpan(3)),
                cancellation),
        ];
    }

    /// <summary>Takes a deletion that is over out of the queue; whoever comes second does nothing.</summary>
    /// <param name="database">The database.</param>
    /// <param name="id">Its number.</param>
    /// <param name="cancellation">Cancels it.</param>
    /// <returns>Whether it was this call that did it.</returns>
    public static async Task<bool> RemoveAsync(Database database, long id, CancellationToken cancellation = default)
    {
        await using var connection = await database.OpenAsync(cancellation);
        await using var transaction = await connection.BeginTransactionAsync(cancellation);
        // One that is being tried again at this moment stays.
        var state = await connection.ScalarAsync<string?>("SELECT state FROM expunge.deletion WHERE id = $1 FOR SHARE", cancellation, id);
        if (state is not ("completed" or "failed" or "cancelled")) return false;
        var removed = await connection.ExecuteAsync("DELETE FROM expunge.deletion_queue WHERE deletion_id = $1", cancellation, id) > 0;
        await transaction.CommitAsync(cancellation);
        return removed;
    }
}
