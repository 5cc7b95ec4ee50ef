using System.Collections.Immutable;
using System.Diagnostics;
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
    public static async Task<DeletionResult> DeleteAsync(Database database, PolicyFile policy, IEnumerable<string> ids, CancellationToken cancellation = default)
    {
        // The application's triggers may need the search_path of its role: it stays.
        await using var connection = await database.OpenMaintenanceAsync(cancellation);
        await connection.ExecuteAsync("RESET search_path", cancellation);
        var decisions = Decisions.Of(await database.ReadCatalogAsync(connection, cancellation), policy);
        Estimator.RefuseUnfit(decisions);
        await RefuseUnsafeSessionAsync(connection, cancellation);
        var keys = await SubjectKeys.ReadAsync(connection, decisions.Reach.Root.Name, SubjectKeys.Column(decisions.Reach.Root), ids, cancellation);
        DeletionResult result;
        var inOrder = false;
        try
        {
            result = await Retry.RunAsync(OnceAsync, cancellation);
        }
        catch (PostgresException e) when (!cancellation.IsCancellationRequested)
        {
            throw Refused(e, decisions);
        }

        // A transaction that began before ours can have written a soft reference that nothing checks.
        await Residual.ReportLateAsync(connection, decisions, result.Deleted, cancellation);
        return result;

        async Task<DeletionResult> OnceAsync()
        {
            try
            {
                if (!inOrder && await DeleteOnceAsync(connection, decisions, keys, inOrder, cancellation) is { } done) return done;
            }
            catch (PostgresException e) when (e.SqlState is SqlStates.ForeignKeyViolation or SqlStates.RestrictViolation && decisions.All.Any(d => InOrder.CanMatter(decisions, d.Reference.Table)))
            {
                // Perhaps only the order was unlucky.
            }

            inOrder = true;
            return (await DeleteOnceAsync(connection, decisions, keys, inOrder, cancellation))!;
        }
    }

    /// <returns>Null where it must be done <see cref="InOrder"/> to be counted exactly; it was rolled back.</returns>
    private static async Task<DeletionResult?> DeleteOnceAsync(NpgsqlConnection connection, Decisions decisions, ImmutableArray<string> keys, bool inOrder, CancellationToken cancellation)
    {
        var clock = Stopwatch.StartNew();
        var (root, key) = (decisions.Reach.Root, SubjectKeys.Column(decisions.Reach.Root));
        var isOne = SubjectKeys.In(key);
        await using var transaction = await connection.BeginTransactionAsync(cancellation);
        await connection.ExecuteAsync("SET LOCAL lock_timeout = '3s'; SET LOCAL statement_timeout = '10min'", cancellation);

        // FOR UPDATE: no new row can refer to the subjects from here on.
        var found = await connection.ListAsync(SubjectKeys.Lock(root.Name, key, "UPDATE"), r => r.GetString(0), cancellation, keys.ToArray());
        ImmutableArray<string> notFound = [.. keys.Except(found)];
        if (found.Count == 0) return new DeletionResult([], notFound, [], "nothing to count", 0, clock.Elapsed);

        var suppressible = Residual.Suppressible(decisions);
        var statistics = decisions.Catalog.Server.TracksCounts;
        var count = suppressible.Count > 0 || !statistics || inOrder ? await ReachCount.OfAsync(connection, decisions, [.. found], suppressible, cancellation) : null;

        var before = await RowCounts.ReadAsync(connection, decisions, cancellation);
        foreach (var soft in decisions.SoftReferences)
        {
            await connection.ExecuteAsync(
                $"DELETE FROM {soft.Table.Name.Sql} WHERE {SubjectKeys.In(soft.Column)}", cancellation, found.ToArray());
        }

        var delete = $"DELETE FROM {root.Name.Sql} WHERE {isOne}";
        if (inOrder) await InOrder.DeleteAsync(connection, decisions, count!, delete, found.ToArray(), cancellation);
        else await connection.ExecuteAsync(delete, cancellation, found.ToArray());
        await connection.ExecuteAsync("SET CONSTRAINTS ALL IMMEDIATE", cancellation);
        var searched = await Residual.RefuseAnyAsync(connection, decisions, found, count, cancellation);
        if ((statistics ? (await RowCounts.ReadAsync(connection, decisions, cancellation)).Minus(before, decisions, inOrder ? count!.Updated : null) : Estimator.Lines(decisions, count!)) is not { } lines) return null;
        RefuseOthers(decisions, found.Count, lines);
        await CommitAsync(transaction, cancellation);
        return new DeletionResult([.. found], notFound, lines, statistics ? "counted by PostgreSQL in the deleting transaction" : "counted under lock before the deletion (track_counts is off)", searched, clock.Elapsed);
    }

    private static async Task CommitAsync(NpgsqlTransaction transaction, CancellationToken cancellation)
    {
        try
        {
            await transaction.CommitAsync(cancellation);
        }
        // A PostgresException is the server's word: a class of 57P ends the session after the commit was decided, the others roll back.
        catch (Exception e) when (e is OperationCanceledException or IOException || (e is NpgsqlException n && (n is not PostgresException p || p.SqlState.StartsWith("57P", StringComparison.Ordinal))))
        {
            throw new ExpungeException(
                ErrorCodes.CommitUnknown, "The connection ended at the commit: whether the deletion is committed is not known.",
                "Look whether the rows are still there (expunge delete ID --dry-run, or the list of users) before you try again.", e);
        }
    }

    // Unless the policy names such a cascade, nobody but the named subjects may go.
    private static void RefuseOthers(Decisions decisions, int subjects, ImmutableArray<DeletionLine> lines)
    {
        var root = decisions.Reach.Root;
        var rows = lines.FirstOrDefault(l => l.Table == root.Name.Display(decisions.Schema))?.Deleted ?? 0;
        if (rows <= subjects || decisions.All.Any(d => d.Reference.Table.Oid == root.Oid && d is { Deletes: true, Source: DecisionSource.Named, Action: PolicyAction.Cascade })) return;
        throw new ExpungeException(
            ErrorCodes.OtherSubjects, $"The deletion of {subjects} row(s) of {root} would have taken {rows - subjects} other(s) along, through a reference from {root} to what is deleted. Everything was rolled back.",
            "Decide the references from the root in the policy: set null, or retain, so that they block; expunge verify lists them.");
    }

    private static async Task RefuseUnsafeSessionAsync(NpgsqlConnection connection, CancellationToken cancellation)
    {
        var role = await connection.ScalarAsync<string>("SELECT current_setting('session_replication_role')", cancellation);
        if (role == "origin") return;
        throw new ExpungeException(
            ErrorCodes.UnsafeSession, $"session_replication_role is '{role}' for this role: cascades would not fire and data would be left behind.",
            "Set it to 'origin' (ALTER ROLE … RESET session_replication_role). Nothing was deleted.");
    }

    private static ExpungeException Refused(PostgresException e, Decisions decisions)
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
