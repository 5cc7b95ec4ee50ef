using System.Collections.Immutable;
using Expunge.Deletion;

namespace Expunge.Server.Api;

/// <summary>A deletion as it is recorded.</summary>
/// <param name="Id">Its number.</param>
/// <param name="State">pending, running, paused, completed, failed or cancelled.</param>
/// <param name="Reason">Why it is paused or failed; null otherwise.</param>
/// <param name="RequestedBy">Who asked for it.</param>
/// <param name="CreatedAt">When it was asked for.</param>
/// <param name="StartedAt">When it was begun; null before.</param>
/// <param name="FinishedAt">When it ended; null before.</param>
/// <param name="Subjects">How many users are where.</param>
/// <param name="Rows">All rows that it has deleted so far.</param>
/// <param name="Tables">What it has done so far, per table.</param>
/// <param name="Method">How the rows were counted; null before any was deleted.</param>
/// <param name="ResidualChecked">How many references were searched for rows that are left; each had none.</param>
internal sealed record DeletionResponse(
    long Id, string State, string? Reason, string RequestedBy, DateTimeOffset CreatedAt, DateTimeOffset? StartedAt, DateTimeOffset? FinishedAt, SubjectCounts Subjects, long Rows, ImmutableArray<DeletionLine> Tables, string? Method,
    int ResidualChecked)
{
    public static DeletionResponse Of(DeletionJob job) => new(
        job.Id, job.State.Word(), job.Reason, job.RequestedBy, job.CreatedAt, job.StartedAt, job.FinishedAt, job.Subjects, job.TotalDeleted, job.Lines, job.Method, job.ResidualChecked);
}
