using System.Collections.Immutable;
using Expunge.Policy;
using Expunge.Postgres;

namespace Expunge.Revisions;

/// <summary>The steps from what the catalog has to what is wanted, in the order in which they run. Pure data.</summary>
/// <param name="Decisions">What is wanted; null for a downgrade, which wants what the journal has.</param>
/// <param name="Steps">The steps.</param>
/// <param name="Problems">What can't be done.</param>
public sealed record Plan(Decisions? Decisions, ImmutableArray<Step> Steps, ImmutableArray<PlanProblem> Problems)
{
    /// <summary>Steps that are left for a later run, because they were not asked for.</summary>
    public ImmutableArray<Step> LeftOut { get; init; } = [];

    /// <summary>The same with the steps that were asked for; the others are left out. Pure.</summary>
    /// <param name="part">Which phases.</param>
    /// <param name="only">Which tables; empty for all.</param>
    public Plan Restricted(UpgradePart part, ImmutableArray<QualifiedName> only)
    {
        var wanted = Steps.ToLookup(s => IsPart(s, part) && (only.IsEmpty || only.Contains(s.Table.Name)));
        return this with { Steps = [.. wanted[true]], LeftOut = [.. wanted[false]], Problems = only.IsEmpty ? Problems : [.. Problems.Where(p => only.Contains(p.Table.Name))] };
    }

    private static bool IsPart(Step step, UpgradePart part) => part switch
    {
        UpgradePart.WithoutValidation => step is not (ValidateStep or PartitionedSwapStep),
        UpgradePart.ValidationOnly => step is ValidateStep or PartitionedSwapStep,
        _ => true,
    };

    /// <summary>Whether everything is already as it should be.</summary>
    public bool IsEmpty => Steps.IsEmpty && Problems.IsEmpty && LeftOut.IsEmpty;

    /// <summary>A rough guess of how long the scans take, from the planner's row counts: 1 µs a row to build an index, 0.5 µs to validate.</summary>
    public TimeSpan EstimatedTime => TimeSpan.FromMicroseconds(Steps.Sum(s => s switch
    {
        CreateIndexStep => s.Table.EstimatedRows * 1.0,
        ValidateStep => s.Table.EstimatedRows * 0.5,
        PartitionedSwapStep p => p.Leaves.Sum(l => l.EstimatedRows) * 0.5,
        _ => 0,
    }) + (Steps.Length * 5000));
}
