namespace Expunge.Auditing;

/// <summary>Whether the audit is as it was written.</summary>
/// <param name="Entries">How many entries were found as they should be, from the first.</param>
/// <param name="Head">The hash of the last of them; empty where there is none. Kept elsewhere, it tells later whether entries were cut off at the end.</param>
/// <param name="Problem">What is not as it should be; null where all is.</param>
public sealed record AuditVerdict(long Entries, string Head, string? Problem);
