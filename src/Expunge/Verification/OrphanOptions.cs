using System.Collections.Immutable;

namespace Expunge.Verification;

/// <summary>Which references are looked at, and how.</summary>
public sealed record OrphanOptions
{
    /// <summary>The references, as the policy file writes them, soft ones too; empty (the default) for all.</summary>
    public ImmutableArray<string> References { get; init; } = [];

    /// <summary>Whether the rows of a reference are read that a validated, enforced constraint with enabled triggers proves to have no orphan.</summary>
    public bool All { get; init; }

    /// <summary>How many examples each reference gets. Default 5.</summary>
    public int Limit { get; init; } = 5;

    /// <summary>How long one query may take. Default 60 s.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(60);
}
