using System.Collections.Immutable;

namespace Expunge.Verification;

/// <summary>One of the ways by which rows are found.</summary>
/// <param name="Name">The reference, as the policy file writes it; the root's name where the row is the subject itself.</param>
/// <param name="Action">What the policy says: an action's word, <c>delete</c> for a soft reference; null where the row is the subject itself.</param>
/// <param name="DecidedBy">Who says so: <c>named</c> in the policy, <c>existing</c> (a SET NULL or SET DEFAULT that is kept), <c>default</c>; null where the row is the subject itself.</param>
/// <param name="Reason">The policy's reason; null where it gives none.</param>
public sealed record SharedReference(string Name, string? Action, string? DecidedBy, string? Reason)
{
    /// <summary>Who has most; null where there is no row.</summary>
    public SharedMost? Most { get; init; }

    /// <summary>What the actions that are possible would do, the decided one first; empty where there is no row, and where the row is the subject itself.</summary>
    public ImmutableArray<SharedEffect> Effects { get; init; } = [];
}
