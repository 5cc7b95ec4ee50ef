using System.Collections.Immutable;

namespace Expunge.Revisions;

/// <summary>How an upgrade or downgrade ended.</summary>
/// <param name="Revision">The revision's id.</param>
/// <param name="Name">The revision's name.</param>
/// <param name="State">Where it stands now.</param>
/// <param name="Plan">What was to be done.</param>
/// <param name="Results">How each step ended; a step that depended on one that failed is missing.</param>
public sealed record RevisionOutcome(string Revision, string Name, RevisionState State, Plan Plan, ImmutableArray<StepResult> Results)
{
    /// <summary>What somebody created or changed while an upgrade ran, so that it is not as the policy says; the next upgrade sees it.</summary>
    public ImmutableArray<PlanProblem> Late { get; init; } = [];

    /// <summary>Whether everything is now as it should be.</summary>
    public bool Succeeded => State is RevisionState.Applied or RevisionState.Reverted;
}
