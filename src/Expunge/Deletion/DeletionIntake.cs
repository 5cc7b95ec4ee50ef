using Expunge.Catalog;
using Expunge.Postgres;
using Npgsql;
using NpgsqlTypes;

namespace Expunge.Deletion;

/// <summary>Reads ids into a table of the session's own, however many there are, and as keys of the root into a deletion. Within the caller's transaction.</summary>
internal static class DeletionIntake
{
    /// <summary>Streams the ids to the server; nothing is kept here.</summary>
    /// <exception cref="ExpungeException"><see cref="ErrorCodes.BadId"/>: one is not of the key's type; named with its line where they are lines.</exception>
    public static async Task ReadAsync(NpgsqlConnection connection, Table root, DeletionRequest request, CancellationToken cancellation)
    {
        var key = SubjectKeys.Column(root);
        await connection.ExecuteAsync("CREATE TEMPORARY TABLE expunge_intake (line bigint PRIMARY KEY, id text NOT NULL) ON COMMIT DROP", cancellation);
        var last = 0L;
        await using (var writer = await connection.BeginBinaryImportAsync("COPY pg_temp.expunge_intake FROM STDIN (FORMAT binary)", cancellation))
        {
            await foreach (var (line, id) in request.KeysAsync(cancellation))
            {
                last = line;
                if (!StoredText.CanHold(id)) throw Bad(id, line);
                await writer.StartRowAsync(cancellation);
                await writer.WriteAsync(line, NpgsqlDbType.Bigint, cancellation);
                await writer.WriteAsync(id, NpgsqlDbType.Text, cancellation);
            }

            await writer.CompleteAsync(cancellation);
        }

        // The server doesn't say which one is wrong: halves find it in few round trips.
        var (from, to) = (1L, last);
        var error = await CheckAsync(connection, key, from, to, cancellation);
        if (error is null) return;
        while (from < to)
        {
            var middle = from + ((to - from) / 2);
            if (await CheckAsync(connection, key, from, middle, cancellation) is { } e) (to, error) = (middle, e);
            else from = middle + 1;
        }

        throw Bad(await connection.ScalarAsync<string>("SELECT id FROM pg_temp.expunge_intake WHERE line = $1", cancellation, from), from, error);

        ExpungeException Bad(string id, long number, Exception? cause = null) => SubjectKeys.Bad(root.Name, key, id, request.AreLines ? number : null, cause);
    }

    /// <summary>SHA-256 over the root, a salt and the keys, in their order, each once: the same for the same subjects in whatever order and spelling.</summary>
    public static Task<string> HashAsync(NpgsqlConnection connection, Table root, string salt, CancellationToken cancellation) => connection.ScalarAsync<string>(
        $"SELECT encode(sha256(convert_to(concat_ws(E'\\n', $1::text, string_agg(DISTINCT k, E'\\n' ORDER BY k)), 'UTF8')), 'hex') FROM (SELECT (id::{SubjectKeys.Column(root).Type})::text COLLATE \"C\" AS k FROM pg_temp.expunge_intake) keys",
        cancellation, $"{root.Name} {salt}");

    /// <summary>Makes them subjects of a deletion, in the order of their keys, so that neighbours are deleted together.</summary>
    /// <returns>How many.</returns>
    public static Task<int> StoreAsync(NpgsqlConnection connection, Table root, long deletion, CancellationToken cancellation) => connection.ExecuteAsync(
        $"INSERT INTO expunge.deletion_subject (deletion_id, place, key) SELECT $1, row_number() OVER (ORDER BY k), k::text FROM (SELECT DISTINCT id::{SubjectKeys.Column(root).Type} AS k FROM pg_temp.expunge_intake) keys",
        cancellation, deletion);

    private static async Task<PostgresException?> CheckAsync(NpgsqlConnection connection, Column key, long from, long to, CancellationToken cancellation)
    {
        await connection.ExecuteAsync("SAVEPOINT check_ids", cancellation);
        try
        {
            await connection.ScalarAsync<long>($"SELECT count(id::{key.Type}) FROM pg_temp.expunge_intake WHERE line BETWEEN $1 AND $2", cancellation, from, to);
            await connection.ExecuteAsync("RELEASE SAVEPOINT check_ids", cancellation);
            return null;
        }
        catch (PostgresException e) when (e.SqlState.StartsWith("22", StringComparison.Ordinal) || e.SqlState == SqlStates.CheckViolation)
        {
            await connection.ExecuteAsync("ROLLBACK TO SAVEPOINT check_ids", cancellation);
            return e;
        }
    }
}
