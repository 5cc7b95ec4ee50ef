using System.Collections.Immutable;

namespace Expunge.Verification;

/// <summary>What a fix has done with the orphans of one reference.</summary>
/// <param name="Reference">The reference, as the policy file writes it.</param>
/// <param name="Fixed">How many rows were deleted or set.</param>
/// <param name="Also">How many rows went with them by a cascade, by table; only where the server counts them (<c>track_counts</c>).</param>
/// <param name="Refusals">Why some could not be: each reason once.</param>
/// <param name="Left">How many orphans it has now; null where they were not counted.</param>
public sealed record OrphanFixResult(string Reference, long Fixed, ImmutableArray<AlsoDeleted> Also, ImmutableArray<string> Refusals, long? Left);
