namespace Expunge.Revisions;

/// <summary>One application of a policy, as the journal has it.</summary>
/// <param name="Id">Its number in the journal, ascending.</param>
/// <param name="Revision">The policy's revision id.</param>
/// <param name="Name">The policy's name.</param>
/// <param name="Root">The root table.</param>
/// <param name="PolicyHash">The hash of the policy's meaning.</param>
/// <param name="State">Where it stands.</param>
/// <param name="StartedAt">When it began, UTC.</param>
/// <param name="FinishedAt">When its last change ended, UTC; null while it goes on.</param>
/// <param name="StartedBy">The role that began it.</param>
/// <param name="Steps">How many changes it made that are not reverted.</param>
public sealed record AppliedRevision(
    long Id, string Revision, string Name, string Root, string PolicyHash, RevisionState State, DateTimeOffset StartedAt, DateTimeOffset? FinishedAt, string StartedBy, long Steps);
