using System.Collections.Immutable;

namespace Expunge.Subjects;

/// <summary>What marking or unmarking did. Keys are text, in PostgreSQL's spelling, without duplicates.</summary>
/// <param name="Found">The subjects that exist, in key order.</param>
/// <param name="Changed">Those of them that were not so already, in key order.</param>
/// <param name="NotFound">The keys that do not exist, in the given order.</param>
public sealed record MarkingResult(ImmutableArray<string> Found, ImmutableArray<string> Changed, ImmutableArray<string> NotFound);
