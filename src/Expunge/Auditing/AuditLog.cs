using System.Collections.Immutable;
using Expunge.Postgres;
using Npgsql;

namespace Expunge.Auditing;

/// <summary>
/// The audit in <c>expunge.audit</c>. An entry commits with what it speaks of where that is in this database. A chain of hashes shows every change of an entry, and every one that is missing but the last ones; for
/// these, keep the head elsewhere.
/// </summary>
public static class AuditLog
{
    internal const string Table = "expunge.audit";

    private const string Columns = "id, at, actor, action, object, count, address, outcome, hash";

    /// <summary>Writes an entry.</summary>
    /// <param name="database">The database; <see cref="ExpungeSchema.EnsureServerAsync"/> has made the table.</param>
    /// <param name="what">What it says.</param>
    /// <param name="cancellation">Cancels it; nothing is written then.</param>
    public static async Task AppendAsync(Database database, AuditEvent what, CancellationToken cancellation = default)
    {
        await using var connection = await database.OpenAsync(cancellation);
        await using var transaction = await connection.BeginTransactionAsync(cancellation);
        await AppendAsync(connection, what, cancellation);
        await transaction.CommitAsync(cancellation);
    }

    /// <summary>
    /// Writes an entry in the caller's transaction, as late in it as can be: until it ends, others who write wait. Of the database's role, where the entry names nobody; then nothing is written where no audit is
    /// kept, because no server was set up in this database.
    /// </summary>
    /// <param name="connection">The connection, in a transaction.</param>
    /// <param name="what">What it says.</param>
    /// <param name="cancellation">Cancels it.</param>
    public static async Task AppendAsync(NpgsqlConnection connection, AuditEvent what, CancellationToken cancellation)
    {
        if (what.Actor is null)
        {
            if (!await IsKeptAsync(connection, cancellation)) return;
            var (role, address) = (await connection.ListAsync("SELECT current_user::text, host(inet_client_addr())", r => (r.GetString(0), r.IsDBNull(1) ? null : r.GetString(1)), cancellation)).Single();
            what = what with { Actor = $"role {role}", Address = address };
        }

        // A sequence would leave gaps. Read in a statement of its own: that sees what was committed before the lock was given.
        await connection.ExecuteAsync("SELECT pg_advisory_xact_lock(hashtext('expunge audit'))", cancellation);
        var last = await connection.ListAsync(
            "SELECT clock_timestamp(), coalesce(a.id, 0), coalesce(a.hash, '') FROM (SELECT) one LEFT JOIN (SELECT id, hash FROM expunge.audit ORDER BY id DESC LIMIT 1) a ON true",
            r => (At: r.GetFieldValue<DateTimeOffset>(0), Id: r.GetInt64(1), Hash: r.GetString(2)), cancellation);
        var (at, id, previous) = last.Single();
        var entry = new AuditEntry(id + 1, at, what, "");
        await connection.ExecuteAsync(
            $"INSERT INTO expunge.audit ({Columns}) VALUES ($1, $2, $3, $4, $5::text, $6::bigint, $7::text, $8, $9)", cancellation,
            entry.Id, entry.At, what.Actor!, what.Action, what.Object, what.Count, what.Address, what.Outcome, entry.ComputeHash(previous));
    }

    // By the catalog: who may not use the schema is told so by the entry that can't be written, and is not left out of the audit.
    internal static Task<bool> IsKeptAsync(NpgsqlConnection connection, CancellationToken cancellation) =>
        connection.ScalarAsync<bool>("SELECT EXISTS (SELECT FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = 'expunge' AND c.relname = 'audit')", cancellation);

    /// <summary>The entries, newest first.</summary>
    /// <param name="database">The database.</param>
    /// <param name="limit">How many at the most.</param>
    /// <param name="before">Only those with a smaller number; null for the newest.</param>
    /// <param name="cancellation">Cancels it.</param>
    public static async Task<ImmutableArray<AuditEntry>> ListAsync(Database database, int limit = 50, long? before = null, CancellationToken cancellation = default)
    {
        await using var connection = await database.OpenAsync(cancellation);
        if (!await ExpungeSchema.ExistsAsync(connection, Table, cancellation)) return [];
        return [.. await connection.ListAsync($"SELECT {Columns} FROM expunge.audit WHERE id < $2 ORDER BY id DESC LIMIT $1", Read, cancellation, limit, before ?? long.MaxValue)];
    }

    /// <summary>Reads every entry and holds it against the one before.</summary>
    /// <param name="database">The database.</param>
    /// <param name="head">A head that was told earlier, which must still be in the chain; null for none.</param>
    /// <param name="cancellation">Cancels it.</param>
    public static async Task<AuditVerdict> VerifyAsync(Database database, string? head = null, CancellationToken cancellation = default)
    {
        const int page = 1000;
        await using var connection = await database.OpenAsync(cancellation);
        var (entries, previous, hasHead) = (0L, "", string.IsNullOrEmpty(head));
        if (await ExpungeSchema.ExistsAsync(connection, Table, cancellation))
        {
            List<AuditEntry> read;
            do
            {
                read = await connection.ListAsync($"SELECT {Columns} FROM expunge.audit WHERE id > $2 ORDER BY id LIMIT $1", Read, cancellation, page, entries);
                foreach (var entry in read)
                {
                    if (entry.Id != entries + 1) return new AuditVerdict(entries, previous, $"Entry {entries + 1} is missing: after {entries} comes {entry.Id}.");
                    if (entry.Hash != entry.ComputeHash(previous)) return new AuditVerdict(entries, previous, $"Entry {entry.Id} of {entry.At.UtcDateTime:yyyy-MM-dd HH:mm:ss} UTC is not as it was written, or follows one that was taken out.");
                    (entries, previous) = (entry.Id, entry.Hash);
                    hasHead |= entry.Hash == head;
                }
            }
            while (read.Count == page);
        }

        return new AuditVerdict(entries, previous, hasHead ? null : $"The entry with the hash {head} is not there: entries were cut off at the end, or the audit was made anew.");
    }

    private static AuditEntry Read(NpgsqlDataReader r) => new(
        r.GetInt64(0), r.GetFieldValue<DateTimeOffset>(1),
        new AuditEvent(r.GetString(2), r.GetString(3)) { Object = r.IsDBNull(4) ? null : r.GetString(4), Count = r.IsDBNull(5) ? null : r.GetInt64(5), Address = r.IsDBNull(6) ? null : r.GetString(6), Outcome = r.GetString(7) },
        r.GetString(8));
}
