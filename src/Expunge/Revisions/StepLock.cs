using Expunge.Postgres;

namespace Expunge.Revisions;

/// <summary>A lock that a step takes.</summary>
/// <param name="Table">On which table.</param>
/// <param name="Mode">In PostgreSQL's words (docs 13.3.1), such as <c>ACCESS EXCLUSIVE</c>.</param>
/// <param name="HeldWhileScanning">Whether it is held as long as a scan of the table takes; otherwise for milliseconds.</param>
public sealed record StepLock(QualifiedName Table, string Mode, bool HeldWhileScanning);
