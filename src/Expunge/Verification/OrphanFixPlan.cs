using System.Collections.Immutable;

namespace Expunge.Verification;

/// <summary>What a fix is to do, with the numbers for the question whether it is to.</summary>
/// <param name="Action">What is done.</param>
/// <param name="Parts">One for each reference that has orphans.</param>
public sealed record OrphanFixPlan(OrphanFixAction Action, ImmutableArray<OrphanFixPart> Parts)
{
    /// <summary>How many orphans.</summary>
    public long Rows => Parts.Sum(p => p.Rows);
}
