namespace Expunge.Verification;

/// <summary>Rows that went with others by a cascade.</summary>
/// <param name="Table">The table, without the root's schema.</param>
/// <param name="Rows">How many.</param>
public sealed record AlsoDeleted(string Table, long Rows);
