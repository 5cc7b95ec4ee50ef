using System.Collections.Immutable;
using Expunge.Catalog;
using Expunge.Postgres;
using Npgsql;

namespace Expunge.Revisions;

/// <summary>Restores what was there before a revision, exactly as the journal has it.</summary>
public static class Downgrade
{
    /// <summary>The revisions that a downgrade would revert, newest first.</summary>
    /// <param name="revisions">All of the journal, oldest first.</param>
    /// <param name="toBase">All that are applied rather than the last one.</param>
    public static IReadOnlyList<AppliedRevision> Targets(IReadOnlyList<AppliedRevision> revisions, bool toBase)
    {
        var applied = revisions.Where(r => r.State != RevisionState.Reverted).Reverse();
        return [.. toBase ? applied : applied.Take(1)];
    }

    /// <summary>What reverting a revision would do. Changes nothing.</summary>
    /// <param name="database">The database.</param>
    /// <param name="revision">The revision.</param>
    /// <param name="cancellation">Cancels it.</param>
    /// <exception cref="ExpungeException">A constraint is no longer as the revision left it.</exception>
    public static async Task<Plan> PlanAsync(Database database, AppliedRevision revision, CancellationToken cancellation = default)
    {
        await using var connection = await database.OpenAsync(cancellation);
        return await PlanAsync(connection, await database.ReadCatalogAsync(connection, cancellation), revision.Id, cancellation);
    }

    /// <summary>Reverts a revision. Interrupted at any moment, the next downgrade goes on.</summary>
    /// <param name="database">The database.</param>
    /// <param name="revision">The revision; the newest that is not reverted.</param>
    /// <param name="options">How.</param>
    /// <param name="cancellation">Stops it; what is done stays done.</param>
    /// <exception cref="ExpungeException">It was refused and nothing was changed: another run, or a constraint is no longer as the revision left it. Or <see cref="ErrorCodes.ConnectionLost"/>, in the middle.</exception>
    public static async Task<RevisionOutcome> RevertAsync(Database database, AppliedRevision revision, UpgradeOptions options, CancellationToken cancellation = default)
    {
        await using var connection = await database.OpenMaintenanceAsync(cancellation);
        return await LostConnection.NameAsync(connection, reverting: true, () => RevertAsync(database, connection, revision, options, cancellation), cancellation);
    }

    private static async Task<RevisionOutcome> RevertAsync(Database database, NpgsqlConnection connection, AppliedRevision revision, UpgradeOptions options, CancellationToken cancellation)
    {
        await using var run = await RunLock.AcquireAsync(connection, cancellation);
        var plan = await PlanAsync(connection, await database.ReadCatalogAsync(connection, cancellation), revision.Id, cancellation);
        await Journal.SetStateAsync(connection, revision.Id, RevisionState.Reverting, null, cancellation);
        var results = await new StepRunner(database, connection, new RevisionJournal(revision.Id, Reverting: true), options).RunAsync(plan.Steps, cancellation);
        var state = results.All(r => r.Failure is null) ? RevisionState.Reverted : RevisionState.Reverting;
        await Journal.SetStateAsync(connection, revision.Id, state, null, CancellationToken.None);
        return new RevisionOutcome(revision.Revision, revision.Name, state, plan, [.. results]);
    }

    // A table that was dropped has nothing to restore; one that was renamed has, and the journal knows it by its former name.
    private static void RefuseRenamed(CatalogSnapshot catalog, QualifiedName table, ForeignKey? left)
    {
        if (left is null || catalog.ForeignKeys.FirstOrDefault(f => f.Name == left.Name && f.Clause == left.Clause) is not { } moved) return;
        throw new ExpungeException(
            ErrorCodes.ConstraintChanged, $"Table {table} is not there any more, and {moved.Table} has its constraint {moved.Name}: it was renamed.",
            $"Rename it back for the downgrade, or give {moved.Table} another policy. Nothing was changed.");
    }

    private static async Task<Plan> PlanAsync(NpgsqlConnection connection, CatalogSnapshot catalog, long revision, CancellationToken cancellation)
    {
        var (constraints, indexes) = await Journal.ChangesAsync(connection, revision, cancellation);
        var changes = new List<ConstraintChange>();
        var validations = new List<(ForeignKey Wanted, ForeignKey? Former)>();
        foreach (var mine in constraints.GroupBy(c => (c.Any.Table, c.Name)))
        {
            // The revision may have touched it more than once; the first has what was there before, the last what it left.
            var (former, left) = (mine.First().Former, mine.Last().New);
            if (catalog.Find(mine.Key.Table) is null)
            {
                RefuseRenamed(catalog, mine.Key.Table, left);
                continue;
            }

            var now = catalog.ForeignKeys.FirstOrDefault(f => f.Table == mine.Key.Table && f.Name == mine.Key.Name);
            if (former is null ? now is null : now is not null && SwapStep.IsAsWanted(now, former))
            {
                if (now is { Validated: false } && former!.Validated) validations.Add((former, null));
                continue;
            }

            if (left is null ? now is not null : now?.SameDefinition(left) != true)
            {
                throw new ExpungeException(
                    ErrorCodes.ConstraintChanged, $"Constraint {mine.Key.Name} on {mine.Key.Table} is no longer as the revision left it: somebody changed it since.",
                    $"Look at it (\\d {mine.Key.Table} in psql), bring it back to  {left?.Clause ?? "nothing (drop it)"}  or change it by a new policy. Nothing was changed.");
            }

            if (former is not null && catalog.Find(former.ReferencedTable) is null)
            {
                throw new ExpungeException(
                    ErrorCodes.ConstraintChanged, $"Constraint {former.Name} on {former.Table} refers to {former.ReferencedTable}, which is not there any more: it was dropped or renamed since.",
                    "Rename it back for the downgrade. Nothing was changed.");
            }

            changes.Add(new ConstraintChange(now, former));
            if (former is { Validated: true, Enforced: true }) validations.Add((former, null));
        }

        // A partitioned table's index takes those of its partitions with it, so it goes first.
        var dropped = indexes.Where(i => catalog.Find(i.Table) is not null).Select(i => new DropIndexStep(catalog.Table(i.Table), i, [.. catalog.WithPartitions(catalog.Table(i.Table))])).OrderByDescending(s => s.Table.IsPartitioned);
        return new Plan(null, [.. Planner.Swaps(catalog, changes, validations), .. dropped.ToImmutableArray<Step>()], []);
    }
}
