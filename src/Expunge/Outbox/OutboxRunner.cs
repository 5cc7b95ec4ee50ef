using Expunge.Postgres;
using Npgsql;

namespace Expunge.Outbox;

/// <summary>
/// Delivers events at least once. Those in hand are locked by a transaction that lasts as long as the attempt, so several runners at once never deliver the same; when the process dies, the server ends the transaction and
/// another runner takes them.
/// </summary>
public static class OutboxRunner
{
    private const int MostErrorText = 300;

    /// <summary>Delivers what is due, one batch after the other, until nothing is.</summary>
    /// <param name="database">The database.</param>
    /// <param name="receiver">Where to.</param>
    /// <param name="options">How.</param>
    /// <param name="cancellation">Ends it after the attempt that is under way.</param>
    /// <exception cref="ExpungeException">The receiver can't be used at all, or the database can't be reached. What was delivered is recorded.</exception>
    public static async Task<OutboxRun> RunAsync(Database database, IOutboxReceiver receiver, OutboxOptions options, CancellationToken cancellation = default)
    {
        await using var connection = await database.OpenMaintenanceAsync(cancellation);
        var run = new OutboxRun(0, 0, 0);
        if (!await ExpungeSchema.ExistsAsync(connection, OutboxCapture.Table, cancellation)) return run;
        // Should this process hang, the server takes the events back.
        await connection.ExecuteAsync($"SET idle_in_transaction_session_timeout = {(long)options.Timeout.TotalMilliseconds + 10_000}", cancellation);
        while (!cancellation.IsCancellationRequested && await NextAsync(connection, receiver, options) is { } done) run += done;
        return run;
    }

    /// <returns>Null where nothing is due.</returns>
    private static async Task<OutboxRun?> NextAsync(NpgsqlConnection connection, IOutboxReceiver receiver, OutboxOptions options)
    {
        await using var transaction = await connection.BeginTransactionAsync();
        var events = await connection.ListAsync(
            """
            SELECT id, event_id, table_name, column_name, value, deletion_id, captured_at FROM expunge.outbox
             WHERE state = 'pending' AND next_attempt_at <= now() ORDER BY next_attempt_at, id LIMIT $1 FOR UPDATE SKIP LOCKED
            """,
            r => new OutboxEvent(r.GetInt64(0), r.GetGuid(1), r.GetString(2), r.GetString(3), r.GetString(4), r.IsDBNull(5) ? null : r.GetInt64(5), r.GetFieldValue<DateTimeOffset>(6)), default, receiver.BatchSize);
        if (events.Count == 0) return null;
        var ids = events.Select(e => e.Id).ToArray();
        var dead = 0;
        var error = await AttemptAsync(events, receiver, options);
        if (error is null)
        {
            await connection.ExecuteAsync("UPDATE expunge.outbox SET state = 'delivered', value = NULL, last_error = NULL, attempts = attempts + 1, delivered_at = clock_timestamp() WHERE id = ANY ($1)", default, ids);
        }
        else
        {
            // Half a minute, doubled each time, an hour at the most; spread, so that what failed together is not tried again together.
            dead = (await connection.ListAsync(
                """
                UPDATE expunge.outbox SET attempts = attempts + 1, last_error = $2, state = CASE WHEN attempts + 1 >= $3 THEN 'dead' ELSE 'pending' END,
                       next_attempt_at = clock_timestamp() + least(interval '1 hour', interval '30 seconds' * 2 ^ least(attempts, 10)) * (0.5 + random())
                 WHERE id = ANY ($1) RETURNING state
                """,
                r => r.GetString(0), default, ids, error, options.MaxAttempts)).Count(s => s == "dead");
        }

        await transaction.CommitAsync();
        return error is null ? new(events.Count, 0, 0) : new(0, events.Count - dead, dead);
    }

    private static async Task<string?> AttemptAsync(IReadOnlyList<OutboxEvent> events, IOutboxReceiver receiver, OutboxOptions options)
    {
        using var timeout = new CancellationTokenSource(options.Timeout);
        try
        {
            return await receiver.DeliverAsync(events, timeout.Token) is { } error ? OneLine(error) : null;
        }
        catch (OperationCanceledException) when (timeout.IsCancellationRequested)
        {
            return $"no answer within {options.Timeout.TotalSeconds:0.#} s";
        }
    }

    // It comes from elsewhere and is shown on terminals.
    private static string OneLine(string error)
    {
        var line = string.Concat(error.EnumerateRunes().Select(r => System.Text.Rune.IsControl(r) ? " " : r.ToString())).Trim();
        return line.Length <= MostErrorText ? line : line[..(MostErrorText - (char.IsHighSurrogate(line[MostErrorText - 1]) ? 1 : 0))] + "…";
    }
}
