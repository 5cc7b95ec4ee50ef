namespace Expunge.Probing;

/// <summary>One reference, or soft reference, or the root itself, and what became of the rows that were made by it.</summary>
/// <param name="Table">The table.</param>
/// <param name="Columns">The referencing columns; the key for the root.</param>
/// <param name="References">The referenced table; null for the root.</param>
/// <param name="Action">What the policy says: as <c>delete_rule</c> writes it (CASCADE, SET NULL, …), or <c>delete</c> for the root and soft references, <c>reassign</c>, <c>retain</c>.</param>
/// <param name="Rows">How many rows of the test user were made by it.</param>
/// <param name="State">What it shows.</param>
/// <param name="Outcome">In words: what became of them, or why not.</param>
public sealed record ProbeLine(string Table, string Columns, string? References, string Action, int Rows, ProbeState State, string Outcome);
