using Expunge.Catalog;

namespace Expunge.Revisions;

/// <summary>A reference that can't be brought to what the policy says.</summary>
/// <param name="Table">Its table.</param>
/// <param name="Reason">Why not.</param>
/// <param name="NextStep">What to do about it.</param>
public sealed record PlanProblem(Table Table, string Reason, string NextStep);
