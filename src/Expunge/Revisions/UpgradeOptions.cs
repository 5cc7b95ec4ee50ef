using System.Collections.Immutable;
using Expunge.Postgres;

namespace Expunge.Revisions;

/// <summary>How <see cref="Upgrade"/> and <see cref="Downgrade"/> work.</summary>
public sealed record UpgradeOptions
{
    /// <summary>How patiently the steps wait for locks.</summary>
    public LockOptions Locks { get; init; } = new();

    /// <summary>Whether the journal's tables may join a publication FOR ALL TABLES. Default false.</summary>
    public bool AcceptPublished { get; init; }

    /// <summary>Told of the plan before its first step runs; may be null. The catalog can have changed since a plan that was shown before.</summary>
    public Action<Plan>? Planned { get; init; }

    /// <summary>Which phases run; the rest is left for a later run. Default all. A downgrade runs all.</summary>
    public UpgradePart Part { get; init; }

    /// <summary>The tables to fix; empty, the default, for all. A downgrade takes all.</summary>
    public ImmutableArray<QualifiedName> Only { get; init; } = [];

    /// <summary>How many tables are validated at once. Default 2.</summary>
    public int ValidateJobs { get; init; } = 2;

    /// <summary>How far behind a streaming standby may be when the next table is swapped. Default 1 s.</summary>
    public TimeSpan MaxLag { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>Told what goes on in each step, from the thread that runs it; may be null.</summary>
    public IProgress<StepProgress>? Progress { get; init; }
}
