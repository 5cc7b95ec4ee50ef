using Expunge.Postgres;

namespace Expunge.Policy;

/// <summary>A column whose values name something outside the database, such as a file's path, as the policy names it.</summary>
/// <param name="Table">The table with the column.</param>
/// <param name="Column">The column.</param>
/// <param name="Location">Where the name stands in the file.</param>
public sealed record ExternalColumnPolicy(QualifiedName Table, string Column, SourceLocation Location)
{
    /// <summary>As the policy file writes it.</summary>
    /// <param name="schema">The root's schema, which goes without saying.</param>
    public string Display(string schema) => $"{Table.Display(schema)}.{Identifier.Display(Column)}";
}
