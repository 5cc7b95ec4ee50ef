using Expunge.Postgres;

namespace Expunge.Rehearsing;

/// <summary>The rows with which a rehearsal fills its copy.</summary>
/// <param name="Estimates">How many rows the tables have in the database that was copied; partitioned tables by their partitions.</param>
/// <param name="Total">How many the copy is to have in all, about; at least as many as there are tables.</param>
public sealed record RehearsalRows(IReadOnlyDictionary<QualifiedName, long> Estimates, int Total);
