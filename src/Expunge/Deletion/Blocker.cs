namespace Expunge.Deletion;

/// <summary>A reference whose rows keep the subject from being deleted.</summary>
/// <param name="Reference">The reference, as the policy file writes it.</param>
/// <param name="Rows">How many rows.</param>
/// <param name="Reason">Why they stay: the policy's reason, or the constraint's delete rule.</param>
public sealed record Blocker(string Reference, long Rows, string Reason);
