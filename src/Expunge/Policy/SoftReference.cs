using Expunge.Catalog;
using Expunge.Postgres;

namespace Expunge.Policy;

/// <summary>A declared soft reference, found in the catalog.</summary>
/// <param name="Table">Its table.</param>
/// <param name="Column">Its column.</param>
/// <param name="Enforce">Whether <c>upgrade</c> adds a foreign key.</param>
public sealed record SoftReference(Table Table, Column Column, bool Enforce)
{
    /// <summary>Whether an index finds the rows of one key.</summary>
    public bool HasIndex => Table.Indexes.Any(i => i.Supports([Column.Name]));

    /// <summary>As the policy file writes it.</summary>
    /// <param name="schema">The root's schema, which goes without saying.</param>
    public string Display(string schema) => $"{Table.Name.Display(schema)}.{Identifier.Display(Column.Name)}";
}
