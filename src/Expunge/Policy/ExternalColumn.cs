using Expunge.Catalog;
using Expunge.Postgres;

namespace Expunge.Policy;

/// <summary>A declared external column, found in the catalog: its values go into the outbox when their rows are deleted.</summary>
/// <param name="Table">Its table, which loses rows.</param>
/// <param name="Column">Its column.</param>
public sealed record ExternalColumn(Table Table, Column Column)
{
    /// <summary>As the policy file writes it.</summary>
    /// <param name="schema">The root's schema, which goes without saying.</param>
    public string Display(string schema) => $"{Table.Name.Display(schema)}.{Identifier.Display(Column.Name)}";
}
