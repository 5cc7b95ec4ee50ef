using System.Diagnostics;
using Expunge.Postgres;
using Npgsql;

namespace Expunge.Verification;

/// <summary>Reads under limits of time, each statement in a transaction of its own, so that a long search keeps nothing from being vacuumed.</summary>
internal sealed class SoftReader(NpgsqlConnection connection, TimeSpan timeout)
{
    private static readonly TimeSpan MostForOne = TimeSpan.FromSeconds(5);

    private readonly Stopwatch _clock = Stopwatch.StartNew();

    /// <exception cref="SoftUnreadException">There is no time left, or the server refused.</exception>
    public async Task<List<T>> ListAsync<T>(string sql, Func<NpgsqlDataReader, T> row, CancellationToken cancellation, params List<object?> values)
    {
        var left = timeout - _clock.Elapsed;
        if (left <= TimeSpan.Zero) throw new SoftUnreadException("not reached within the time");
        var milliseconds = (long)Math.Max(1, Math.Min(left.TotalMilliseconds, MostForOne.TotalMilliseconds));
        await using var transaction = await connection.BeginTransactionAsync(cancellation);
        try
        {
            // Of a table with row-level security all rows or none: of some of them nothing follows.
            await connection.ExecuteAsync($"SET TRANSACTION READ ONLY; SET LOCAL statement_timeout = {milliseconds}; SET LOCAL lock_timeout = '1s'; SET LOCAL row_security = off", cancellation);
            return await connection.ListAsync(sql, row, cancellation, values);
        }
        catch (PostgresException e) when (!cancellation.IsCancellationRequested)
        {
            throw new SoftUnreadException(
                e.SqlState switch
                {
                    SqlStates.QueryCanceled => $"not read within {milliseconds / 1000.0:0.#} s",
                    SqlStates.LockNotAvailable => "locked by another transaction",
                    SqlStates.InsufficientPrivilege => "this role may not read all of it",
                    _ => $"PostgreSQL refused to read it (SQLSTATE {e.SqlState})",
                },
                e);
        }
    }
}
