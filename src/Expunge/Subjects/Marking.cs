using System.Collections.Immutable;
using Expunge.Auditing;
using Expunge.Catalog;
using Expunge.Deletion;
using Expunge.Postgres;
using Npgsql;

namespace Expunge.Subjects;

/// <summary>Marks subjects for deletion and takes the mark back. The mark deletes nothing by itself. Each call is one transaction: all or nothing.</summary>
public static class Marking
{
    /// <summary>Marks subjects: is_active becomes false, is_tobe_deleted true, delete_date the present time. One that is marked already keeps its date.</summary>
    /// <param name="database">The database.</param>
    /// <param name="table">The root and its columns.</param>
    /// <param name="ids">The subjects' keys as text; one that does not exist is reported and does not keep the others from being marked.</param>
    /// <param name="audit">Who asks, by way of the server, for the audit; null for the database's role.</param>
    /// <param name="cancellation">Rolls back.</param>
    /// <exception cref="ExpungeException">
    /// Nothing was changed. <see cref="ErrorCodes.NoMarkColumn"/>: the policy has no mark. <see cref="ErrorCodes.BadId"/>: a key is not of the root key's type.
    /// <see cref="ErrorCodes.SubjectTableChanged"/>: the root or a column was renamed or dropped. Or a row is locked, the role may not, a trigger or a constraint refuses it.
    /// </exception>
    /// <exception cref="NpgsqlException">The connection broke; where it broke in the commit, marks may be set.</exception>
    public static Task<MarkingResult> MarkAsync(Database database, SubjectTable table, IEnumerable<string> ids, AuditEvent? audit = null, CancellationToken cancellation = default) =>
        SetAsync(database, table, ids, "NOT TRUE", ("false", "true", "now()"), ("the marking", "marked for deletion"), audit, cancellation);

    /// <summary>Takes the mark from those that have it: is_active becomes true, is_tobe_deleted false, delete_date NULL.</summary>
    /// <param name="database">The database.</param>
    /// <param name="table">The root and its columns.</param>
    /// <param name="ids">The subjects' keys as text; one that does not exist is reported and does not keep the others from being unmarked.</param>
    /// <param name="audit">Who asks, by way of the server, for the audit; null for the database's role.</param>
    /// <param name="cancellation">Rolls back.</param>
    /// <exception cref="ExpungeException">As for <see cref="MarkAsync"/>.</exception>
    /// <exception cref="NpgsqlException">As for <see cref="MarkAsync"/>.</exception>
    public static Task<MarkingResult> UnmarkAsync(Database database, SubjectTable table, IEnumerable<string> ids, AuditEvent? audit = null, CancellationToken cancellation = default) =>
        SetAsync(database, table, ids, "TRUE", ("true", "false", "NULL"), ("the unmarking", "unmarked"), audit, cancellation);

    private static async Task<MarkingResult> SetAsync(
        Database database, SubjectTable table, IEnumerable<string> ids, string from, (string IsActive, string IsToBeDeleted, string DeleteDate) to, (string Name, string Done) what, AuditEvent? audit, CancellationToken cancellation)
    {
        (Column? Column, string Value)[] set = [(table.IsActive, to.IsActive), (table.IsToBeDeleted, to.IsToBeDeleted), (table.DeleteDate, to.DeleteDate)];
        var sets = set.Where(s => s.Column is not null).Select(s => $"{Identifier.Quote(s.Column!.Name)} = {s.Value}");
        var update = $"UPDATE {table.Root.Sql} SET {string.Join(", ", sets)} WHERE {SubjectKeys.In(table.Key)} AND {table.Mark} IS {from} RETURNING {Identifier.Quote(table.Key.Name)}::text";

        // The application's triggers may need the search_path of its role: it stays.
        await using var connection = await database.OpenMaintenanceAsync(cancellation);
        await connection.ExecuteAsync("RESET search_path", cancellation);
        try
        {
            var keys = await SubjectKeys.ReadAsync(connection, table.Root, table.Key, ids, cancellation);
            return await Retry.RunAsync(() => OnceAsync(keys), cancellation);
        }
        catch (PostgresException e) when (!cancellation.IsCancellationRequested)
        {
            throw table.Refused(e, what.Name);
        }

        async Task<MarkingResult> OnceAsync(ImmutableArray<string> keys)
        {
            await using var transaction = await connection.BeginTransactionAsync(cancellation);
            await connection.ExecuteAsync("SET LOCAL lock_timeout = '3s'; SET LOCAL statement_timeout = '60s'", cancellation);
            // NO KEY: new rows that refer to the subject don't wait for its mark.
            var found = await connection.ListAsync(SubjectKeys.Lock(table.Root, table.Key, "NO KEY UPDATE"), r => r.GetString(0), cancellation, keys.ToArray());
            var changed = (await connection.ListAsync(update, r => r.GetString(0), cancellation, found.ToArray())).ToHashSet(StringComparer.Ordinal);
            await AuditLog.AppendAsync(connection, (audit ?? new AuditEvent(null, what.Done)) with { Object = $"{table.Root}", Count = found.Count }, cancellation);
            await transaction.CommitAsync(cancellation);
            return new MarkingResult([.. found], [.. found.Where(changed.Contains)], [.. keys.Except(found)]);
        }
    }
}
