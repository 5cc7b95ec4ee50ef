using System.Collections.Immutable;

namespace Expunge.Catalog;

/// <summary>A CHECK constraint.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Columns">The columns that it reads.</param>
public sealed record CheckConstraint(string Name, ImmutableArray<string> Columns);
