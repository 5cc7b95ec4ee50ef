namespace Expunge.Verification;

/// <summary>How far a fix is.</summary>
/// <param name="Reference">The reference at work.</param>
/// <param name="Rows">How many rows were deleted or set so far, of all references.</param>
/// <param name="Note">Whom it waits for; null where it doesn't.</param>
public sealed record OrphanFixProgress(string Reference, long Rows, string? Note);
