using Npgsql;

namespace Expunge.Postgres;

/// <summary>Makes the tables of the schema <c>expunge</c> in the target database where they are missing.</summary>
public static class ExpungeSchema
{
    private const string LastServerTable = "expunge.data_protection_key";

    /// <summary>The youngest of what deletions.sql makes.</summary>
    internal const string NewestOfDeletions = "expunge.deletion.counts";

    // Each script with the youngest of the tables and columns that it makes, in the order in which they need each other. A script can run again where a part is there: so an older version's tables come up to date.
    private static readonly (string Script, string Newest)[] Server =
        [("server.sql", LastServerTable), ("deletions.sql", NewestOfDeletions), ("queue.sql", "expunge.deletion_queue"), ("audit.sql", "expunge.audit"), ("quartz.sql", "expunge.quartz_job_status")];

    /// <summary>Makes the tables that the server and its workers need: accounts and the keys that protect sign-ins, deletions and their queue, the audit, and the schedule of Quartz.</summary>
    /// <param name="database">The database.</param>
    /// <param name="acceptPublished">Whether they may join a publication FOR ALL TABLES.</param>
    /// <param name="cancellation">Cancels it; all or none are made.</param>
    /// <exception cref="ExpungeException"><see cref="ErrorCodes.MissingRight"/> or <see cref="ErrorCodes.JournalPublished"/>: nothing was changed.</exception>
    public static async Task EnsureServerAsync(Database database, bool acceptPublished = false, CancellationToken cancellation = default)
    {
        await using var connection = await database.OpenMaintenanceAsync(cancellation);
        foreach (var (script, newest) in Server) await EnsureAsync(connection, script, newest, acceptPublished, cancellation);
    }

    /// <summary>Whether these tables exist.</summary>
    /// <param name="database">The database.</param>
    /// <param name="cancellation">Cancels it.</param>
    public static async Task<bool> HasServerAsync(Database database, CancellationToken cancellation = default)
    {
        await using var connection = await database.OpenAsync(cancellation);
        return await TryExistsAsync(connection, LastServerTable, cancellation);
    }

    /// <summary>Runs a script of the folder Sql/ unless the youngest of its tables, or of their columns, exists.</summary>
    internal static async Task EnsureAsync(NpgsqlConnection connection, string script, string newest, bool acceptPublished, CancellationToken cancellation)
    {
        if (await TryExistsAsync(connection, newest, cancellation)) return;
        if (!acceptPublished && await connection.ScalarAsync<bool>("SELECT EXISTS (SELECT FROM pg_publication WHERE puballtables)", cancellation))
        {
            throw new ExpungeException(
                ErrorCodes.JournalPublished, "A publication FOR ALL TABLES exists: the tables of the schema expunge would be replicated too, and its subscribers stop until they have them.",
                "Create the schema expunge on the subscribers as well, or accept that with --accept-published. Nothing was changed.");
        }

        try
        {
            await using var transaction = await connection.BeginTransactionAsync(cancellation);
            // IF NOT EXISTS is not safe against two at once.
            await connection.ExecuteAsync("SELECT pg_advisory_xact_lock(hashtext('expunge.journal'))", cancellation);
            // CREATE SCHEMA IF NOT EXISTS wants the right to create one even where it exists.
            if (!await connection.ScalarAsync<bool>("SELECT to_regnamespace('expunge') IS NOT NULL", cancellation)) await connection.ExecuteDdlAsync("CREATE SCHEMA expunge", cancellation);
            await connection.ExecuteDdlAsync(SqlFile.Read(script), cancellation);
            await transaction.CommitAsync(cancellation);
        }
        catch (PostgresException e) when (e.SqlState == SqlStates.InsufficientPrivilege)
        {
            throw new ExpungeException(
                ErrorCodes.MissingRight, $"This role may not create the tables of the schema expunge, where Expunge keeps its own: {e.MessageText}.",
                "Have the owner of the database run  GRANT CREATE ON DATABASE … TO …;  or  CREATE SCHEMA expunge AUTHORIZATION …;  Nothing was changed.", e);
        }
    }

    private static async Task<bool> TryExistsAsync(NpgsqlConnection connection, string table, CancellationToken cancellation)
    {
        try
        {
            return await ExistsAsync(connection, table, cancellation);
        }
        catch (PostgresException e) when (e.SqlState == SqlStates.InsufficientPrivilege)
        {
            throw new ExpungeException(
                ErrorCodes.MissingRight, $"This role may not look into the schema expunge, where Expunge keeps its own tables: {e.MessageText}.", "Have its owner run  GRANT USAGE ON SCHEMA expunge TO …;  Nothing was changed.", e);
        }
    }

    /// <summary>Whether a table is there, <c>schema.table</c>, or a column of it, <c>schema.table.column</c>.</summary>
    internal static Task<bool> ExistsAsync(NpgsqlConnection connection, string name, CancellationToken cancellation) => name.Split('.') is [var schema, var table, var column]
        ? connection.ScalarAsync<bool>("SELECT EXISTS (SELECT FROM pg_attribute WHERE attrelid = to_regclass($1) AND attname = $2 AND NOT attisdropped)", cancellation, $"{schema}.{table}", column)
        : connection.ScalarAsync<bool>("SELECT to_regclass($1) IS NOT NULL", cancellation, name);
}
