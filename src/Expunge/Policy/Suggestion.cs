using Expunge.Graph;

namespace Expunge.Policy;

/// <summary>What <c>init</c> proposes for a reference through which a row can belong to two subjects.</summary>
/// <param name="Reference">The reference.</param>
/// <param name="Action">The proposed action.</param>
/// <param name="Reason">Why this one.</param>
public sealed record Suggestion(Reference Reference, PolicyAction Action, string Reason);
