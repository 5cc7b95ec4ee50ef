using Expunge.Postgres;
using Expunge.Receipts;
using Npgsql;

namespace Expunge.Deletion;

/// <summary>What becomes of the subjects of a deletion that is cancelled. In the transaction that cancels it.</summary>
internal static class GivingUp
{
    // What the server says can come from the application's triggers, and they may say anything of a row. It goes with the key.
    private const string WithoutServersWords =
        """
        CASE WHEN reason ~ '\[EXP(2105|1301)\]$' OR reason LIKE '%can''t lose its reference:%'
             THEN concat(CASE WHEN reason LIKE 'Partially deleted:%' THEN 'Partially deleted. ' END, 'PostgreSQL refused the deletion.  ', substring(reason FROM '\[EXP[0-9]{4}\]$')) ELSE reason END
        """;

    /// <summary>Erases the keys of what has not begun, and of what failed where the deletion is over now.</summary>
    public static async Task ApplyAsync(NpgsqlConnection connection, long deletion, SigningKey? key, CancellationToken cancellation)
    {
        if (key is not null) await SubjectHashes.WriteAsync(connection, deletion, key, cancellation);
        await connection.ExecuteAsync("UPDATE expunge.deletion_subject SET state = 'cancelled', key = NULL WHERE deletion_id = $1 AND state = 'pending'", cancellation, deletion);
        // Where a subject must be finished first, it ends as failed if others failed, and they can be tried again.
        if (await connection.ScalarAsync<string>("SELECT state FROM expunge.deletion WHERE id = $1", cancellation, deletion) != "cancelled") return;
        await connection.ExecuteAsync($"UPDATE expunge.deletion_subject SET key = NULL, reason = {WithoutServersWords} WHERE deletion_id = $1 AND state = 'failed'", cancellation, deletion);
    }
}
