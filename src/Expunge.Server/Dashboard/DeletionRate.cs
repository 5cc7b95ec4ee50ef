using System.Collections.Immutable;
using Expunge.Deletion;

namespace Expunge.Server.Dashboard;

/// <summary>How fast a deletion goes, told from what was read of it in the last half minute. Whoever opens its page measures from then on.</summary>
/// <param name="Samples">What was read, oldest first.</param>
public sealed record DeletionRate(ImmutableArray<DeletionRate.Sample> Samples)
{
    /// <summary>Before anything was read.</summary>
    public static readonly DeletionRate Unknown = new([]);

    private static readonly TimeSpan Window = TimeSpan.FromSeconds(30);

    /// <summary>How far it was at a moment.</summary>
    /// <param name="At">When it was read.</param>
    /// <param name="Users">The users that nothing is left to be done for.</param>
    /// <param name="Rows">The rows that were deleted.</param>
    public readonly record struct Sample(DateTimeOffset At, long Users, long Rows);

    /// <summary>With what was read now; what is not running has no rate.</summary>
    /// <param name="job">The deletion as it was read.</param>
    /// <param name="at">When.</param>
    public DeletionRate With(DeletionJob job, DateTimeOffset at) =>
        job.State != DeletionState.Running ? Unknown : new([.. Samples.Where(s => at - s.At <= Window), new(at, job.Subjects.Total - job.Subjects.Pending, job.TotalDeleted)]);

    /// <summary>Users a second; null where it is not known yet.</summary>
    public double? Users => PerSecond(s => s.Users);

    /// <summary>Rows a second; null where it is not known yet.</summary>
    public double? Rows => PerSecond(s => s.Rows);

    /// <summary>How long it takes still, if it goes on like this; null where no user was done since.</summary>
    /// <param name="pending">The users that are left.</param>
    public TimeSpan? Left(long pending) => Users is > 0 and var users ? TimeSpan.FromSeconds(Math.Min(pending / users, TimeSpan.FromDays(365).TotalSeconds)) : null;

    private double? PerSecond(Func<Sample, long> count) =>
        Samples is [var first, .., var last] && last.At > first.At ? (count(last) - count(first)) / (last.At - first.At).TotalSeconds : null;
}
