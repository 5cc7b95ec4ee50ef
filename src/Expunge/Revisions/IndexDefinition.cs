using System.Collections.Immutable;
using Expunge.Postgres;

namespace Expunge.Revisions;

/// <summary>A supporting index that a revision adds. What the journal keeps of it.</summary>
/// <param name="Name">Its name, in its table's schema.</param>
/// <param name="Table">Its table.</param>
/// <param name="Columns">Its key columns.</param>
public sealed record IndexDefinition(string Name, QualifiedName Table, ImmutableArray<string> Columns)
{
    internal QualifiedName QualifiedName => new(Table.Schema, Name);
}
