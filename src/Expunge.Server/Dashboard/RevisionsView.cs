using System.Collections.Immutable;
using Expunge.Policy;
using Expunge.Postgres;
using Expunge.Revisions;

namespace Expunge.Server.Dashboard;

/// <summary>The database's state against the policy's revision.</summary>
/// <param name="Policy">The policy.</param>
/// <param name="Plan">What <c>upgrade</c> would do.</param>
/// <param name="History">What was applied to this root or another, newest first.</param>
public sealed record RevisionsView(PolicyFile Policy, Plan Plan, ImmutableArray<AppliedRevision> History)
{
    /// <summary>Reads catalog and journal.</summary>
    /// <param name="database">The database.</param>
    /// <param name="policy">The policy.</param>
    /// <param name="cancellation">Cancels it.</param>
    public static async Task<RevisionsView> ReadAsync(Database database, PolicyFile policy, CancellationToken cancellation) =>
        new(policy, await Upgrade.PlanAsync(database, policy, cancellation), [.. (await Journal.RevisionsAsync(database, cancellation)).Reverse()]);

    /// <summary>What is applied to the policy's root; null where nothing is.</summary>
    public AppliedRevision? Current => History.FirstOrDefault(r => r.Root == $"{Policy.Root}" && r.State != RevisionState.Reverted);

    /// <summary>References that the policy must name before anything is applied.</summary>
    public ImmutableArray<string> Undecided => [.. Plan.Decisions!.Undecided.Select(d => d.Reference.Display(Policy.Root.Schema))];

    /// <summary>Whether the policy's revision is applied, and everything is as it says.</summary>
    public bool IsDone => Plan.IsEmpty && Undecided.IsEmpty && !HasChanged && Current is null or { State: RevisionState.Applied };

    /// <summary>Where the database stands, in a sentence.</summary>
    public string State => !Undecided.IsEmpty ? $"{Counted.Of(Undecided.Length, "shared reference")} undecided: revision {Name} can't be applied before the policy names them. expunge init suggests."
        : HasChanged ? $"The policy has changed since revision {Name} was applied: what it says now needs a new revision id."
        : Current is { State: not RevisionState.Applied } current ? $"Revision {current.Revision} ({current.Name}): {current.State.Words()}."
        : !Plan.IsEmpty ? $"{Counted.Of(Plan.Steps.Length, "step")} from what the database has to what revision {Name} says."
        : Current is { } applied ? $"Revision {applied.Revision} ({applied.Name}) is applied{(applied.Revision == Policy.Revision ? "" : $", the policy's is {Name}")}, and everything is as the policy says."
        : $"Everything is as revision {Name} says, without having been applied by Expunge.";

    /// <summary>The counts of the reach, in a sentence.</summary>
    public string Summary
    {
        get
        {
            var decisions = Plan.Decisions!;
            var direct = decisions.All.Count(d => decisions.Reach.DepthOf(d.Reference) == 1);
            return $"{Counted.Of(decisions.All.Length, "reference")} lead to {Policy.Root}, {direct} directly, from {Counted.Of(decisions.All.Select(d => d.Reference.Table.Oid).Distinct().Count(), "table")}.";
        }
    }

    /// <summary>What goes on from here; null where nothing is to be done.</summary>
    public string? Command => !Undecided.IsEmpty || HasChanged ? null
        : Current?.State == RevisionState.Reverting ? "expunge downgrade -1"
        : Plan.IsEmpty && Current is null or { State: RevisionState.Applied } ? null
        : "expunge upgrade head";

    // An interrupted one goes on with a corrected policy.
    private bool HasChanged => Current is { State: RevisionState.Applied } current && current.Revision == Policy.Revision && current.PolicyHash != Policy.Hash;

    private string Name => $"{Policy.Revision} ({Policy.Name})";
}
