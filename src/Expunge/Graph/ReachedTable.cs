using System.Collections.Immutable;
using Expunge.Catalog;

namespace Expunge.Graph;

/// <summary>A table that loses rows when a root row is deleted.</summary>
/// <param name="Table">The table.</param>
/// <param name="Depth">How many references lie between it and the root, on the shortest way; 0 for the root.</param>
/// <param name="Via">The references through which its rows are deleted; empty for the root unless references lead back to it.</param>
/// <param name="IsShared">
/// Whether one of its rows can be in the reach of two subjects: references (soft ones count) through different columns of it, or of the partitioned table that it shares rows with,
/// delete it, or it is the root and a reference leads back to it.
/// </param>
public sealed record ReachedTable(Table Table, int Depth, ImmutableArray<Reference> Via, bool IsShared);
