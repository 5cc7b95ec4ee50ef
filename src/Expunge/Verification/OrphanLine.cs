using System.Collections.Immutable;

namespace Expunge.Verification;

/// <summary>The orphans of one reference.</summary>
public sealed record OrphanLine
{
    internal OrphanLine(OrphanTarget target) => Target = target;

    internal OrphanTarget Target { get; }

    /// <summary>The reference, as the policy file writes it.</summary>
    public string Reference => Target.Name;

    /// <summary>Its table, without the root's schema.</summary>
    public string Table => Target.Table.Name.Display(Target.Schema);

    /// <summary>The table that it refers to, without the root's schema.</summary>
    public string References => Target.Parent.Name.Display(Target.Schema);

    /// <summary>How it is declared: <c>soft reference</c>, <c>NOT VALID</c>, <c>NOT ENFORCED</c>, <c>trigger disabled</c>, or <c>validated</c>.</summary>
    public string Declared => Target.Declared;

    /// <summary>The constraint that proves that there is none; null where none does.</summary>
    public string? ProvedBy => Target.ProvedBy;

    /// <summary>How many rows are orphans; null where they were not counted.</summary>
    public long? Rows { get; init; }

    /// <summary>Why they were not counted although nothing proves that there is none; null otherwise.</summary>
    public string? NotCounted { get; init; }

    /// <summary>Some of them, by key.</summary>
    public ImmutableArray<OrphanExample> Examples { get; init; } = [];
}
