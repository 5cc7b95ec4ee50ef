namespace Expunge.Deletion;

/// <summary>Why subjects of a deletion could not be deleted.</summary>
/// <param name="Reason">What happened, what to do next, and the code.</param>
/// <param name="Subjects">How many of them.</param>
public sealed record FailureReason(string Reason, long Subjects);
