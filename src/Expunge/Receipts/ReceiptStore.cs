using System.Text;
using Expunge.Deletion;
using Expunge.Postgres;
using Npgsql;

namespace Expunge.Receipts;

/// <summary>The receipts that are kept beside their deletions, in <c>expunge.deletion</c>.</summary>
public static class ReceiptStore
{
    /// <summary>A deletion's receipt, as it was sealed.</summary>
    /// <param name="database">The database.</param>
    /// <param name="deletion">The number of a deletion that there is.</param>
    /// <param name="cancellation">Cancels it.</param>
    /// <returns>Null where it has none, because it is not over.</returns>
    public static async Task<Receipt?> FindAsync(Database database, long deletion, CancellationToken cancellation = default)
    {
        await using var connection = await database.OpenAsync(cancellation);
        return await FindAsync(connection, deletion, cancellation);
    }

    /// <summary>A deletion's receipt; sealed now where it is over and has none.</summary>
    /// <param name="database">The database.</param>
    /// <param name="deletion">The deletion's number.</param>
    /// <param name="key">Signs it where it is sealed now; null for an unsigned one.</param>
    /// <param name="cancellation">Cancels it.</param>
    /// <exception cref="ExpungeException"><see cref="ErrorCodes.DeletionNotFound"/>, or <see cref="ErrorCodes.DeletionState"/>: it is not over.</exception>
    public static async Task<Receipt> GetAsync(Database database, long deletion, SigningKey? key, CancellationToken cancellation = default)
    {
        var job = await Deletions.ReadAsync(database, deletion, cancellation);
        if (await FindAsync(database, deletion, cancellation) is { } sealedBefore) return sealedBefore;
        await using var connection = await database.OpenMaintenanceAsync(cancellation);
        await using var transaction = await connection.BeginTransactionAsync(cancellation);
        await connection.ExecuteAsync("SET LOCAL lock_timeout = '60s'", cancellation);
        await connection.ExecuteAsync("SELECT FROM expunge.deletion WHERE id = $1 FOR UPDATE", cancellation, deletion);
        job = await Deletions.ReadAsync(connection, deletion, cancellation);
        if (!job.IsOver)
        {
            throw new ExpungeException(
                ErrorCodes.DeletionState, $"Deletion {deletion} is {job.State.Word()}: its receipt is sealed at its end.", $"See how far it is:  expunge deletions show {deletion}");
        }

        var receipt = await FindAsync(connection, deletion, cancellation) ?? await ReceiptSeal.SealAsync(connection, deletion, key, cancellation);
        await transaction.CommitAsync(cancellation);
        return receipt;
    }

    private static async Task<Receipt?> FindAsync(NpgsqlConnection connection, long deletion, CancellationToken cancellation) =>
        await connection.ScalarAsync<string?>("SELECT receipt FROM expunge.deletion WHERE id = $1", cancellation, deletion) is { } text ? Receipt.Read(Encoding.UTF8.GetBytes(text)) : null;
}
