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

    /// <summary>Told of each step as it ends, from the thread that ran it; may be null.</summary>
    public IProgress<StepResult>? Progress { get; init; }
}
