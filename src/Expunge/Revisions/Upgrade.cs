using System.Collections.Immutable;
using Expunge.Catalog;
using Expunge.Policy;
using Expunge.Postgres;
using Npgsql;

namespace Expunge.Revisions;

/// <summary>Brings the constraints to what the policy says.</summary>
public static class Upgrade
{
    /// <summary>What upgrade would do. Changes nothing.</summary>
    /// <param name="database">The database.</param>
    /// <param name="policy">The policy.</param>
    /// <param name="cancellation">Cancels it.</param>
    /// <exception cref="ExpungeException">The database can't be worked on, or the policy does not fit it.</exception>
    public static async Task<Plan> PlanAsync(Database database, PolicyFile policy, CancellationToken cancellation = default) =>
        Planner.Upgrade(Decisions.Of(await database.ReadCatalogAsync(cancellation), policy));

    /// <summary>
    /// Plans and does it. Interrupted at any moment, the next run goes on: every step first looks at the catalog, and each change is journaled in the transaction that makes it.
    /// </summary>
    /// <param name="database">The database.</param>
    /// <param name="policy">The policy.</param>
    /// <param name="options">How.</param>
    /// <param name="cancellation">Stops it after, or in the middle of, a step; what is done stays done.</param>
    /// <returns>How it ended; a constraint that could not be fixed is in its results, not an exception.</returns>
    /// <exception cref="ExpungeException">It was refused and nothing was changed: undecided references, a missing backup, another run, a changed policy, no rights. Or <see cref="ErrorCodes.ConnectionLost"/>, in the middle.</exception>
    public static async Task<RevisionOutcome> ApplyAsync(Database database, PolicyFile policy, UpgradeOptions options, CancellationToken cancellation = default)
    {
        await using var connection = await database.OpenMaintenanceAsync(cancellation);
        return await LostConnection.NameAsync(connection, reverting: false, () => ApplyAsync(database, connection, policy, options, cancellation), cancellation);
    }

    /// <summary>Refuses while somebody still has to decide about shared rows.</summary>
    /// <param name="decisions">The policy, held against the catalog.</param>
    /// <exception cref="ExpungeException"><see cref="ErrorCodes.Undecided"/>.</exception>
    public static void RefuseUndecided(Decisions decisions)
    {
        if (decisions.Undecided.IsEmpty) return;
        var names = decisions.Undecided.Select(d => d.Reference.Display(decisions.Schema)).ToList();
        throw new ExpungeException(
            ErrorCodes.Undecided,
            $"{names.Count} shared reference(s) are undecided: by them a row can belong to two users, and deleting one would take the other's: {string.Join(", ", names)}.",
            decisions.Policy.Path is null
                ? $"Write a policy with a suggestion for each:  expunge init --root {decisions.Policy.Root}  then review it. Nothing was changed."
                : $"Name each under 'references' in {decisions.Policy.Path} (cascade, set null, …);  expunge plan  shows them, expunge init  suggests. Nothing was changed.");
    }

    private static async Task<RevisionOutcome> ApplyAsync(Database database, NpgsqlConnection connection, PolicyFile policy, UpgradeOptions options, CancellationToken cancellation)
    {
        await using var run = await RunLock.AcquireAsync(connection, cancellation);
        var catalog = await database.ReadCatalogAsync(connection, cancellation);
        var plan = Planner.Upgrade(Decisions.Of(catalog, policy)).Restricted(options.Part, options.Only);
        RefuseUndecided(plan.Decisions!);
        var revisions = await Journal.RevisionsAsync(connection, cancellation);
        var open = OpenRevision(revisions, policy);
        options.Planned?.Invoke(plan);
        if (open is { State: RevisionState.Applied } && plan.IsEmpty) return new RevisionOutcome(policy.Revision, policy.Name, RevisionState.Applied, plan, []);
        await RequireBackupAsync(database, policy, cancellation);

        await Journal.EnsureAsync(connection, options.AcceptPublished, cancellation);
        var id = open?.Id ?? await Journal.BeginAsync(connection, policy, cancellation);
        await Journal.SetStateAsync(connection, id, RevisionState.Applying, policy.Hash, cancellation);
        var results = await new StepRunner(database, connection, new RevisionJournal(id, Reverting: false), options).RunAsync(plan.Steps, cancellation);
        var done = plan.Problems.IsEmpty && plan.LeftOut.IsEmpty && results.All(r => r.Failure is null);
        var late = done ? await LateAsync(database, connection, policy, plan.Decisions!.Reach.Root, cancellation) : [];
        var state = done && late.IsEmpty ? RevisionState.Applied : RevisionState.Incomplete;
        await Journal.SetStateAsync(connection, id, state, policy.Hash, CancellationToken.None);
        return new RevisionOutcome(policy.Revision, policy.Name, state, plan, [.. results]) { Late = late };
    }

    /// <summary>What is not as it should be although all steps were done: somebody created or changed a table since the plan was made. Such a run is not complete.</summary>
    private static async Task<ImmutableArray<PlanProblem>> LateAsync(Database database, NpgsqlConnection connection, PolicyFile policy, Table root, CancellationToken cancellation)
    {
        const string Again = "Run the same command again: it plans anew.";
        var catalog = await database.ReadCatalogAsync(connection, cancellation);
        try
        {
            var decisions = Decisions.Of(catalog, policy);
            var plan = Planner.Upgrade(decisions);
            return
            [
                .. plan.Problems,
                .. decisions.Undecided.Select(d => new PlanProblem(d.Reference.Table, $"{d.Reference.Display(decisions.Schema)} came while the upgrade ran and is shared: somebody must decide it", Again)),
                .. plan.Steps.GroupBy(s => s.Table.Oid).Select(g => new PlanProblem(g.First().Table, $"it was created or changed while the upgrade ran: {string.Join("; ", g.Select(s => s.Description))}", Again)),
            ];
        }
        catch (ExpungeException e)
        {
            return [new PlanProblem(root, $"the database no longer has what the policy names: {e.Message}", e.NextStep)];
        }
    }

    private static AppliedRevision? OpenRevision(IReadOnlyList<AppliedRevision> revisions, PolicyFile policy)
    {
        if (revisions.LastOrDefault(r => r.State == RevisionState.Reverting) is { } reverting)
        {
            throw new ExpungeException(
                ErrorCodes.DowngradeUnfinished, $"The downgrade of revision {reverting.Revision} was interrupted.", "Finish it first:  expunge downgrade -1  Nothing was changed.");
        }

        var open = revisions.LastOrDefault(r => r.Revision == policy.Revision && r.State != RevisionState.Reverted);
        if (open is { State: RevisionState.Applied } && open.PolicyHash != policy.Hash)
        {
            throw new ExpungeException(
                ErrorCodes.PolicyChanged, $"Revision {policy.Revision} is applied already, with another policy than {policy.Path ?? "the one given"} holds now.",
                $"Give the changed policy a new id ('revision:'), so that it can be reverted by itself, or  expunge downgrade -1  first. Nothing was changed.");
        }

        return open;
    }

    private static async Task RequireBackupAsync(Database database, PolicyFile policy, CancellationToken cancellation)
    {
        if (policy.RequireBackup is not { } age) return;
        var last = await Journal.LastBackupAsync(database, cancellation);
        if (last is { } taken && DateTimeOffset.UtcNow - taken <= age) return;
        throw new ExpungeException(
            ErrorCodes.BackupRequired,
            $"The policy requires a backup not older than {Show(age)}; {(last is null ? "none is recorded" : $"the last recorded one is of {last:yyyy-MM-dd HH:mm} UTC")}.",
            "Take one:  expunge backup FILE  or  expunge upgrade --backup FILE  Nothing was changed.");
    }

    private static string Show(TimeSpan age) => age.TotalDays >= 2 ? $"{age.TotalDays:0.#} days" : age.TotalHours >= 1 ? $"{age.TotalHours:0.#} hours" : $"{age.TotalMinutes:0.#} minutes";
}
