using System.Collections.Immutable;
using Expunge.Postgres;

namespace Expunge.Policy;

/// <summary>Tables that the report shows together, and that the policy's author expects to exist.</summary>
/// <param name="Title">The group's heading.</param>
/// <param name="Optional">Whether a missing table is nothing to speak of; otherwise it is skipped and said.</param>
/// <param name="Tables">The tables in the order of the file; at least one.</param>
/// <param name="Location">Where the title stands in the file.</param>
public sealed record TableGroup(string Title, bool Optional, ImmutableArray<QualifiedName> Tables, SourceLocation Location);
