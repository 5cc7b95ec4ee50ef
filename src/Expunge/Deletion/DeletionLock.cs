using System.Data;
using Expunge.Postgres;
using Npgsql;

namespace Expunge.Deletion;

/// <summary>One runner at a time for a deletion: a session advisory lock, which ends with its connection however that ends.</summary>
internal sealed class DeletionLock : IAsyncDisposable
{
    private const string Key = "hashtext('expunge deletion'), $1::int";

    private readonly NpgsqlConnection _connection;
    private readonly long _deletion;

    private DeletionLock(NpgsqlConnection connection, long deletion) => (_connection, _deletion) = (connection, deletion);

    /// <exception cref="ExpungeException"><see cref="ErrorCodes.AnotherRun"/>: another process works on it.</exception>
    public static async Task<DeletionLock> AcquireAsync(NpgsqlConnection connection, long deletion, CancellationToken cancellation) =>
        await connection.ScalarAsync<bool>($"SELECT pg_try_advisory_lock({Key})", cancellation, deletion) ? new DeletionLock(connection, deletion)
            : throw new ExpungeException(ErrorCodes.AnotherRun, $"Another process is at work on deletion {deletion}.", $"See how far it is:  expunge deletions show {deletion}");

    public async ValueTask DisposeAsync()
    {
        if (_connection.State != ConnectionState.Open) return;
        try
        {
            await _connection.ExecuteAsync($"SELECT pg_advisory_unlock({Key})", CancellationToken.None, _deletion);
        }
        catch (NpgsqlException)
        {
            // The connection broke, and the lock went with it.
        }
    }
}
