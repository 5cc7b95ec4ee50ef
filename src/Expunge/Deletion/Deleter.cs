using Expunge.Policy;
using Expunge.Postgres;
using Npgsql;

namespace Expunge.Deletion;

/// <summary>Deletes subjects with everything that is theirs, in one transaction: all or nothing.</summary>
public static class Deleter
{
    /// <summary>
    /// Locks the subjects, deletes them (the cascades do the work), counts exactly what was deleted, and searches for what could have been left before it commits.
    /// </summary>
    /// <param name="database">The database.</param>
    /// <param name="policy">The policy.</param>
    /// <param name="ids">The subjects' keys as text; one that does not exist is reported and does not keep the others from being deleted.</param>
    /// <param name="cancellation">Rolls back.</param>
    /// <exception cref="ExpungeException">Nothing was deleted; it says why.</exception>
    public static Task<DeletionResult> DeleteAsync(Database database, PolicyFile policy, IEnumerable<string> ids, CancellationToken cancellation = default) =>
        DeletionTelemetry.RunAsync(id: null, () => DeleteOnceAsync(database, policy, ids, cancellation), _ => "completed");

    private static async Task<DeletionResult> DeleteOnceAsync(Database database, PolicyFile policy, IEnumerable<string> ids, CancellationToken cancellation)
    {
        // The application's triggers may need the search_path of its role: it stays.
        await using var connection = await database.OpenMaintenanceAsync(cancellation);
        await connection.ExecuteAsync("RESET search_path", cancellation);
        var decisions = Decisions.Of(await database.ReadCatalogAsync(connection, cancellation), policy);
        Estimator.RefuseUnfit(decisions);
        await RefuseUnsafeSessionAsync(connection, cancellation);
        await Reassignment.RefuseMissingAsync(connection, decisions, cancellation);
        await Outbox.OutboxCapture.PrepareAsync(connection, decisions, cancellation);
        var keys = await SubjectKeys.ReadAsync(connection, decisions.Reach.Root.Name, SubjectKeys.Column(decisions.Reach.Root), ids, cancellation);
        DeletionResult result;
        try
        {
            result = await new SubjectBatch(connection, decisions) { TakesBack = await TakingBack.IsPossibleAsync(connection, decisions, cancellation) }.DeleteAsync(keys, cancellation);
        }
        catch (PostgresException e) when (!cancellation.IsCancellationRequested)
        {
            throw Refused(e, decisions);
        }

        // A transaction that began before ours can have written a soft reference that nothing checks.
        await Residual.ReportLateAsync(connection, decisions, result.Deleted, cancellation);
        return result;
    }

    internal static async Task RefuseUnsafeSessionAsync(NpgsqlConnection connection, CancellationToken cancellation)
    {
        var role = await connection.ScalarAsync<string>("SELECT current_setting('session_replication_role')", cancellation);
        if (role == "origin") return;
        throw new ExpungeException(
            ErrorCodes.UnsafeSession, $"session_replication_role is '{role}' for this role: cascades would not fire and data would be left behind.",
            "Set it to 'origin' (ALTER ROLE … RESET session_replication_role). Nothing was deleted.");
    }

    /// <summary>Why the server refused it, in our words.</summary>
    internal static ExpungeException Refused(PostgresException e, Decisions decisions)
    {
        var refusing = decisions.All.FirstOrDefault(d => d.Reference.Constraints.Any(f => f.Name == e.ConstraintName && f.Table.Schema == e.SchemaName && f.Table.Name == e.TableName));
        return e.SqlState switch
        {
            SqlStates.ForeignKeyViolation when refusing is { OnDelete: Catalog.ReferentialAction.SetDefault } d => new(
                ErrorCodes.DeletionBlocked, $"{d.Reference.Display(decisions.Schema)} is SET DEFAULT, and its default is the key of no row of {d.Reference.ReferencedTable} (constraint {e.ConstraintName}).",
                "Insert the row that the default names, or decide the reference otherwise in the policy. Nothing was deleted.", e),
            SqlStates.ForeignKeyViolation or SqlStates.RestrictViolation => new(
                ErrorCodes.DeletionBlocked,
                $"Rows of {e.TableName} refer to what is to be deleted and block it (constraint {e.ConstraintName}{(refusing is { Reason: { } reason } ? $"): {reason}" : ")")}.",
                "Run  expunge delete ID --dry-run  to see the rows, and decide the reference in the policy. Nothing was deleted.", e),
            SqlStates.CheckViolation or SqlStates.NotNullViolation => new(
                ErrorCodes.DeletionBlocked, $"A row of {e.TableName} can't lose its reference: {e.MessageText}.",
                "Decide the reference otherwise in the policy (cascade, set default). Nothing was deleted.", e),
            _ => Refusal.Of(e, ErrorCodes.DeletionFailed, "the deletion", "Nothing was deleted"),
        };
    }
}
