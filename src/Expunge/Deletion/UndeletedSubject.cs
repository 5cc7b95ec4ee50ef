namespace Expunge.Deletion;

/// <summary>A subject of a deletion that is not deleted by it.</summary>
/// <param name="Key">Its key as text.</param>
/// <param name="State">What became of it: <c>not found</c>, <c>unmarked</c>, <c>failed</c>, <c>cancelled</c>; <c>pending</c> or <c>finishing</c> while its turn is to come.</param>
/// <param name="Reason">Why it failed; null otherwise.</param>
public sealed record UndeletedSubject(string Key, string State, string? Reason);
