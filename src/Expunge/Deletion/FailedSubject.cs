namespace Expunge.Deletion;

/// <summary>A subject that a deletion could not delete.</summary>
/// <param name="Key">Its key as text; null where the deletion was given up.</param>
/// <param name="Reason">Why.</param>
public sealed record FailedSubject(string? Key, string Reason);
