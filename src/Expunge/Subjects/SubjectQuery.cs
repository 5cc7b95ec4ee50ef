namespace Expunge.Subjects;

/// <summary>Which subjects a list holds.</summary>
public sealed record SubjectQuery
{
    /// <summary>Text that one of the searched columns contains, in any case, or that is the key; taken literally. Null or empty for all subjects.</summary>
    public string? Search { get; init; }

    /// <summary>How many to leave out at the beginning; not negative. The server reads them all the same: for a long list use <see cref="After"/>.</summary>
    public long Skip { get; init; }

    /// <summary>How many at most; not negative.</summary>
    public int Limit { get; init; } = 200;

    /// <summary>The key after which to go on: the last one of the list before. Null for the beginning.</summary>
    public string? After { get; init; }

    /// <summary>Those of this state only; null for all.</summary>
    public SubjectState? State { get; init; }

    /// <summary>For <see cref="SubjectState.Due"/>: how long a subject must have been marked (<see cref="Policy.PolicyFile.GracePeriod"/>); null for any time.</summary>
    public TimeSpan? GracePeriod { get; init; }

    /// <summary>The subject with this key only, in any spelling that PostgreSQL takes for it; null for all.</summary>
    public string? Key { get; init; }
}
