namespace Expunge.Verification;

/// <summary>Rows that by one way are a subject's, and by another way other subjects'.</summary>
/// <param name="Table">The table, without the root's schema.</param>
/// <param name="Way">The way by which they are the subject's: the reference, as the policy file writes it; the root's name where the row is the subject itself.</param>
/// <param name="Action">What the policy says of it: an action's word, <c>delete</c> for a soft reference and for the subject itself.</param>
/// <param name="Other">The way by which they are others'.</param>
/// <param name="Rows">How many; null where they were not counted.</param>
/// <param name="Others">Of how many others.</param>
/// <param name="NotCounted">Why they were not counted; null where they were.</param>
public sealed record SharedOfSubject(string Table, string Way, string Action, string Other, long? Rows, long Others, string? NotCounted);
