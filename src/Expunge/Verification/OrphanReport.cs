using System.Collections.Immutable;

namespace Expunge.Verification;

/// <summary>Rows whose parent is gone.</summary>
/// <param name="Root">The root table.</param>
/// <param name="Lines">One for each reference, by depth and name, then the soft ones.</param>
public sealed record OrphanReport(string Root, ImmutableArray<OrphanLine> Lines)
{
    /// <summary>How many were counted.</summary>
    public long Rows => Lines.Sum(l => l.Rows ?? 0);

    /// <summary>Whether there is none, and all were counted that nothing proves.</summary>
    public bool Ok => Lines.All(l => l is { Rows: 0, NotCounted: null } or { Rows: null, NotCounted: null });
}
