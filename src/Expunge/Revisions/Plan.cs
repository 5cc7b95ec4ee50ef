using System.Collections.Immutable;
using Expunge.Policy;

namespace Expunge.Revisions;

/// <summary>The steps from what the catalog has to what is wanted, in the order in which they run. Pure data.</summary>
/// <param name="Decisions">What is wanted; null for a downgrade, which wants what the journal has.</param>
/// <param name="Steps">The steps.</param>
/// <param name="Problems">What can't be done.</param>
public sealed record Plan(Decisions? Decisions, ImmutableArray<Step> Steps, ImmutableArray<PlanProblem> Problems)
{
    /// <summary>Whether everything is already as it should be.</summary>
    public bool IsEmpty => Steps.IsEmpty && Problems.IsEmpty;

    /// <summary>A rough guess of how long the scans take, from the planner's row counts: 1 µs a row to build an index, 0.5 µs to validate.</summary>
    public TimeSpan EstimatedTime => TimeSpan.FromMicroseconds(Steps.Sum(s => s switch
    {
        CreateIndexStep => s.Table.EstimatedRows * 1.0,
        ValidateStep => s.Table.EstimatedRows * 0.5,
        PartitionedSwapStep p => p.Leaves.Sum(l => l.EstimatedRows) * 0.5,
        _ => 0,
    }) + (Steps.Length * 5000));
}
