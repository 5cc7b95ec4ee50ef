using Expunge.Postgres;

namespace Expunge.Policy;

/// <summary>A column that holds a subject's key without a foreign key; its rows are deleted with the subject.</summary>
/// <param name="Table">The table with the column.</param>
/// <param name="Column">The column, as the catalog holds its name.</param>
/// <param name="Enforce">Whether <c>upgrade</c> adds the foreign key that is missing.</param>
/// <param name="Location">Where the entry's name stands in the file.</param>
public sealed record SoftReferencePolicy(QualifiedName Table, string Column, bool Enforce, SourceLocation Location);
