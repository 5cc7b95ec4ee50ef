using System.Collections.Immutable;
using Expunge.Deletion;

namespace Expunge.Verification;

/// <summary>What a fix is to do with the orphans of one reference.</summary>
public sealed record OrphanFixPart
{
    internal OrphanFixPart(OrphanLine line) => (Target, Reference, Table, Rows) = (line.Target, line.Reference, line.Table, line.Rows!.Value);

    internal OrphanTarget Target { get; }

    /// <summary>The reference, as the policy file writes it.</summary>
    public string Reference { get; }

    /// <summary>Its table, without the root's schema.</summary>
    public string Table { get; }

    /// <summary>Its orphans.</summary>
    public long Rows { get; }

    /// <summary>The columns that become NULL; empty where the rows are deleted.</summary>
    public ImmutableArray<string> SetColumns { get; init; } = [];

    /// <summary>The tables of which a cascade can delete or set rows with them.</summary>
    public ImmutableArray<string> AlsoIn { get; init; } = [];

    /// <summary>How many rows there, as the constraints are now; null where they were not counted.</summary>
    public ImmutableArray<DeletionLine>? Also { get; init; }

    /// <summary>Rows that refer to orphans and keep them from being deleted; known only where <see cref="Also"/> is.</summary>
    public ImmutableArray<Blocker> Blockers { get; init; } = [];
}
