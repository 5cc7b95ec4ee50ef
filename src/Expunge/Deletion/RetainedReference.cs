namespace Expunge.Deletion;

/// <summary>A reference whose rows stay and block, because the policy says so.</summary>
/// <param name="Reference">The reference, as the policy file writes it.</param>
/// <param name="Reason">The policy's reason.</param>
public sealed record RetainedReference(string Reference, string Reason);
