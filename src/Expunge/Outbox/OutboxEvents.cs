using System.Collections.Immutable;
using Expunge.Postgres;

namespace Expunge.Outbox;

/// <summary>The events in the outbox: how they stand, and what people decide about those that can't be delivered.</summary>
public static class OutboxEvents
{
    /// <summary>How many events are where.</summary>
    /// <param name="database">The database.</param>
    /// <param name="cancellation">Cancels it.</param>
    public static async Task<OutboxCounts> CountAsync(Database database, CancellationToken cancellation = default)
    {
        await using var connection = await database.OpenAsync(cancellation);
        if (!await ExpungeSchema.ExistsAsync(connection, OutboxCapture.Table, cancellation)) return new(0, 0, 0, 0, null);
        return (await connection.ListAsync(
            """
            SELECT count(*) FILTER (WHERE state = 'pending'), count(*) FILTER (WHERE state = 'delivered'), count(*) FILTER (WHERE state = 'dead'), count(*) FILTER (WHERE state = 'discarded'),
                   min(next_attempt_at) FILTER (WHERE state = 'pending') FROM expunge.outbox
            """,
            r => new OutboxCounts(r.GetInt64(0), r.GetInt64(1), r.GetInt64(2), r.GetInt64(3), r.IsDBNull(4) ? null : r.GetFieldValue<DateTimeOffset>(4)), cancellation)).Single();
    }

    /// <summary>The dead ones, oldest first.</summary>
    /// <param name="database">The database.</param>
    /// <param name="limit">How many at the most.</param>
    /// <param name="cancellation">Cancels it.</param>
    public static async Task<ImmutableArray<DeadEvent>> DeadAsync(Database database, int limit = 50, CancellationToken cancellation = default)
    {
        await using var connection = await database.OpenAsync(cancellation);
        if (!await ExpungeSchema.ExistsAsync(connection, OutboxCapture.Table, cancellation)) return [];
        return [.. await connection.ListAsync(
            "SELECT id, table_name, column_name, deletion_id, captured_at, attempts, coalesce(last_error, '') FROM expunge.outbox WHERE state = 'dead' ORDER BY id LIMIT $1",
            r => new DeadEvent(r.GetInt64(0), r.GetString(1), r.GetString(2), r.IsDBNull(3) ? null : r.GetInt64(3), r.GetFieldValue<DateTimeOffset>(4), r.GetInt32(5), r.GetString(6)), cancellation, limit)];
    }

    /// <summary>Lets dead events be tried again, as often as new ones.</summary>
    /// <param name="database">The database.</param>
    /// <param name="ids">Which; none for all.</param>
    /// <param name="cancellation">Cancels it.</param>
    /// <returns>How many.</returns>
    /// <exception cref="ExpungeException"><see cref="ErrorCodes.OutboxEventState"/>: one of them is not dead; nothing was changed.</exception>
    public static Task<long> RetryAsync(Database database, IReadOnlyCollection<long> ids, CancellationToken cancellation = default) =>
        ChangeAsync(database, ids, "state = 'pending', attempts = 0, next_attempt_at = clock_timestamp()", "state = 'dead'", "dead", cancellation);

    /// <summary>Gives events up and erases their values: they are never delivered.</summary>
    /// <param name="database">The database.</param>
    /// <param name="ids">Which.</param>
    /// <param name="cancellation">Cancels it.</param>
    /// <returns>How many.</returns>
    /// <exception cref="ExpungeException"><see cref="ErrorCodes.OutboxEventState"/>: one of them is neither dead nor pending; nothing was changed.</exception>
    public static Task<long> DiscardAsync(Database database, IReadOnlyCollection<long> ids, CancellationToken cancellation = default) => ids.Count == 0 ? Task.FromResult(0L)
        : ChangeAsync(database, ids, "state = 'discarded', value = NULL, last_error = NULL", "state IN ('dead', 'pending')", "dead or pending", cancellation);

    private static async Task<long> ChangeAsync(Database database, IReadOnlyCollection<long> ids, string set, string condition, string states, CancellationToken cancellation)
    {
        await using var connection = await database.OpenMaintenanceAsync(cancellation);
        var wanted = ids.Distinct().ToArray();
        if (!await ExpungeSchema.ExistsAsync(connection, OutboxCapture.Table, cancellation)) return wanted.Length == 0 ? 0 : throw Wrong(wanted);
        await using var transaction = await connection.BeginTransactionAsync(cancellation);
        // A runner holds those that it has in hand.
        await connection.ExecuteAsync("SET LOCAL lock_timeout = '60s'", cancellation);
        var changed = await connection.ListAsync($"UPDATE expunge.outbox SET {set} WHERE {condition} AND (id = ANY ($1) OR cardinality($1) = 0) RETURNING id", r => r.GetInt64(0), cancellation, wanted);
        if (wanted.Except(changed).ToList() is { Count: > 0 } others) throw Wrong(others);
        await transaction.CommitAsync(cancellation);
        return changed.Count;

        ExpungeException Wrong(IEnumerable<long> others) => new(
            ErrorCodes.OutboxEventState, $"Of the outbox's events these are not there or not {states}: {string.Join(", ", others.Order().Take(20))}.", "expunge outbox list  shows the dead ones. Nothing was changed.");
    }
}
