using Expunge.Postgres;

namespace Expunge.Verification;

/// <summary>A table whose columns could only be judged by name.</summary>
/// <param name="Table">The table.</param>
/// <param name="Reason">Why it was not read.</param>
public sealed record SoftUnread(QualifiedName Table, string Reason);
