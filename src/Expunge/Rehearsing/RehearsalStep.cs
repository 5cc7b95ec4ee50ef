using System.Collections.Immutable;

namespace Expunge.Rehearsing;

/// <summary>One part of a rehearsal.</summary>
/// <param name="Name">Such as <c>upgrade</c>.</param>
/// <param name="Ok">Whether it did what it is to do; null where it was left out because an earlier one failed.</param>
/// <param name="Summary">What it did, or why not.</param>
/// <param name="Details">What went wrong, a line each, and what is worth knowing; empty where there is nothing.</param>
public sealed record RehearsalStep(string Name, bool? Ok, string Summary, ImmutableArray<string> Details);
