namespace Expunge.Policy;

/// <summary>What the policy says about one reference.</summary>
/// <param name="Key">Which reference.</param>
/// <param name="Action">What is to happen to it.</param>
/// <param name="Reason">Why; never null for <see cref="PolicyAction.Retain"/>, optional for the others.</param>
/// <param name="ReassignTo">The key of the subject that takes the rows, as text; non-null exactly for <see cref="PolicyAction.Reassign"/>.</param>
/// <param name="Location">Where the entry's name stands in the file.</param>
public sealed record ReferencePolicy(ReferenceKey Key, PolicyAction Action, string? Reason, string? ReassignTo, SourceLocation Location);
