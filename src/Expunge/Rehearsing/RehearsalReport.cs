using System.Collections.Immutable;

namespace Expunge.Rehearsing;

/// <summary>How a rehearsal went.</summary>
/// <param name="Root">The root table.</param>
/// <param name="ServerVersion">The version of the server on which it was rehearsed.</param>
/// <param name="Steps">Its parts, in order.</param>
/// <param name="Elapsed">How long it took, without the start of the server.</param>
public sealed record RehearsalReport(string Root, string ServerVersion, ImmutableArray<RehearsalStep> Steps, TimeSpan Elapsed)
{
    /// <summary>Whether everything would go as it is to.</summary>
    public bool Ok => Steps.All(s => s.Ok == true);
}
