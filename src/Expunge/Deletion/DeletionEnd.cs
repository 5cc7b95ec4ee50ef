using Expunge.Auditing;
using Expunge.Postgres;
using Expunge.Receipts;
using Npgsql;

namespace Expunge.Deletion;

/// <summary>What belongs to the end of a deletion, in the transaction of its final state, which holds its row.</summary>
internal static class DeletionEnd
{
    /// <summary>Keeps the numbers and seals the receipt.</summary>
    /// <param name="connection">The connection.</param>
    /// <param name="id">The deletion's number.</param>
    /// <param name="key">Signs the receipt; null for an unsigned one.</param>
    /// <param name="cancellation">Cancels it.</param>
    public static async Task SealAsync(NpgsqlConnection connection, long id, SigningKey? key, CancellationToken cancellation)
    {
        await connection.ExecuteAsync($"UPDATE expunge.deletion d SET counts = ({Deletions.Counts}) WHERE d.id = $1", cancellation, id);
        await ReceiptSeal.SealAsync(connection, id, key, cancellation);
    }

    /// <summary>Writes it into the audit, where one is kept.</summary>
    public static async Task AuditAsync(NpgsqlConnection connection, DeletionJob job, CancellationToken cancellation)
    {
        if (!await AuditLog.IsKeptAsync(connection, cancellation)) return;
        var isWorkers = await connection.ScalarAsync<bool>("SELECT EXISTS (SELECT FROM expunge.deletion_queue WHERE deletion_id = $1)", cancellation, job.Id);
        await AuditLog.AppendAsync(connection, new AuditEvent(isWorkers ? "worker" : null, "deletion ended") { Object = $"deletion {job.Id}", Count = job.Subjects.Deleted, Outcome = job.State.Word() }, cancellation);
    }
}
