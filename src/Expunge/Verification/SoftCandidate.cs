using Expunge.Catalog;

namespace Expunge.Verification;

/// <summary>A column that could hold keys without a foreign key, as far as its name and type tell.</summary>
/// <param name="Table">Its table; the partitioned one of partitions.</param>
/// <param name="Column">The column.</param>
/// <param name="Name">What its name says.</param>
/// <param name="Other">Another table than the root whose key it could hold, after its name or after foreign keys on columns of that name; null for none.</param>
/// <param name="Discriminator">The column beside it that says which table a value leads to, such as <c>owner_type</c> beside <c>owner_id</c>; null for none.</param>
public sealed record SoftCandidate(Table Table, Column Column, SoftName Name, Table? Other, string? Discriminator)
{
    /// <summary>Whether one value holds many keys.</summary>
    public bool IsArray => Column.Type.EndsWith("[]", StringComparison.Ordinal);
}
