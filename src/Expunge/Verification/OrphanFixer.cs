using System.Collections.Immutable;
using Expunge.Deletion;
using Expunge.Policy;
using Expunge.Postgres;

namespace Expunge.Verification;

/// <summary>Deletes orphans, or sets their columns to NULL.</summary>
public static class OrphanFixer
{
    /// <summary>Carries a plan out, in short transactions. What is done stays done; who is stopped begins again with what is left.</summary>
    /// <param name="database">The database.</param>
    /// <param name="decisions">The policy, held against its catalog.</param>
    /// <param name="plan">The plan, made under these decisions.</param>
    /// <param name="timeout">How long the query that lists or counts a reference's orphans may take.</param>
    /// <param name="progress">Told after each transaction, and whom it waits for; may be null.</param>
    /// <param name="cancellation">Stops between two transactions, or rolls one back.</param>
    /// <returns>One for each part of the plan.</returns>
    /// <exception cref="ExpungeException">It can't go on: no lock, or a session in which cascades don't fire.</exception>
    public static async Task<ImmutableArray<OrphanFixResult>> RunAsync(
        Database database, Decisions decisions, OrphanFixPlan plan, TimeSpan timeout, IProgress<OrphanFixProgress>? progress = null, CancellationToken cancellation = default)
    {
        // The application's triggers may need the search_path of its role: it stays.
        await using var connection = await database.OpenMaintenanceAsync(cancellation);
        await connection.ExecuteAsync("RESET search_path; SET jit = off", cancellation);
        await Deleter.RefuseUnsafeSessionAsync(connection, cancellation);
        var links = await Links.ReadAsync(connection, decisions.Reach.Root, cancellation);
        var results = ImmutableArray.CreateBuilder<OrphanFixResult>(plan.Parts.Length);
        foreach (var part in plan.Parts)
        {
            var before = results.Sum(r => r.Fixed);
            var batches = new OrphanBatches(connection, decisions, part, part.Target.In(links), timeout, (rows, note) => progress?.Report(new OrphanFixProgress(part.Reference, before + rows, note)));
            await batches.RunAsync(cancellation);
            var left = await Orphans.LineAsync(connection, part.Target, links, new OrphanOptions { All = true, Limit = 0, Timeout = timeout }, cancellation);
            results.Add(new OrphanFixResult(part.Reference, batches.Fixed, batches.Also, batches.Refusals, left.Rows));
        }

        return results.MoveToImmutable();
    }
}
