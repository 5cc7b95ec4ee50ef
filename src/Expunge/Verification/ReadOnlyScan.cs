using System.Data;
using Expunge.Postgres;
using Npgsql;

namespace Expunge.Verification;

/// <summary>Reads many rows for a number that nobody needs at any price.</summary>
internal static class ReadOnlyScan
{
    /// <summary>Runs the queries in one snapshot, each no longer than the timeout.</summary>
    /// <returns>What they gave; or nothing, and why.</returns>
    public static async Task<(T? Result, string? WhyNot)> TryAsync<T>(NpgsqlConnection connection, TimeSpan timeout, Func<Task<T>> query, CancellationToken cancellation)
        where T : class
    {
        await using var transaction = await connection.BeginTransactionAsync(IsolationLevel.RepeatableRead, cancellation);
        try
        {
            // Rows that row-level security hides would be missed, or taken for missing ones. Compiling would take longer than most of the scans.
            await connection.ExecuteAsync($"SET TRANSACTION READ ONLY; SET LOCAL row_security = off; SET LOCAL jit = off; SET LOCAL statement_timeout = {Milliseconds(timeout)}", cancellation);
            return (await query(), null);
        }
        catch (PostgresException e) when (e.SqlState == SqlStates.QueryCanceled && !cancellation.IsCancellationRequested)
        {
            return (null, $"not within {timeout.TotalSeconds:0.###} s");
        }
        catch (PostgresException e) when (e.SqlState == SqlStates.LockNotAvailable)
        {
            return (null, "locked by another transaction");
        }
        catch (PostgresException e) when (e.SqlState == SqlStates.InsufficientPrivilege)
        {
            return (null, e.MessageText);
        }
    }

    public static int Milliseconds(TimeSpan time) => (int)Math.Clamp(time.TotalMilliseconds, 1, int.MaxValue);
}
