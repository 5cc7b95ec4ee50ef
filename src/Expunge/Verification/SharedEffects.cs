using System.Collections.Immutable;
using Expunge.Catalog;
using Expunge.Graph;
using Expunge.Policy;
using Expunge.Subjects;

namespace Expunge.Verification;

/// <summary>Says in plain words what each action of a reference would do to rows that by another way are other subjects'. Pure.</summary>
internal static class SharedEffects
{
    /// <param name="decisions">The policy held against the catalog.</param>
    /// <param name="way">The way whose actions these are.</param>
    /// <param name="other">The other way.</param>
    /// <param name="most">The subject that has most by the way.</param>
    /// <returns>The decided one first.</returns>
    public static ImmutableArray<SharedEffect> Of(Decisions decisions, SharedWay way, SharedWay other, SharedMost most)
    {
        var noun = SubjectTable.NounOf(decisions.Policy.Root);
        var by = string.Join(", ", other.Columns);
        var deletes = other.IsSubject
            ? $"deleting {noun} {most.Subject} deletes {most.Rows} other {noun}(s) with everything that is theirs"
            : $"deleting {noun} {most.Subject} deletes {most.Rows} row(s) that by {by} are of {most.Others} other {noun}(s)";
        if (way.IsSubject) return [];
        if (way.Reference is not { } reference) return [new SharedEffect("delete", deletes)];
        var whose = other.IsSubject ? $"the other {noun}(s) stay" : $"the rows stay with the {noun}(s) of {by}";
        var decision = decisions.All.First(d => d.Reference == reference);
        var decided = decision.Action == PolicyAction.Keep ? Kept(decision) : decision.Action;
        return [new SharedEffect(decision.Action.Word(), Sentence(decided)), .. Possible(decisions, reference).Where(a => a != decided).Select(a => new SharedEffect(a.Word(), Sentence(a)))];

        string Sentence(PolicyAction action) => action switch
        {
            PolicyAction.Cascade => deletes,
            PolicyAction.SetNull => $"{whose}, and {string.Join(", ", reference.NullableColumns)} becomes NULL when {noun} {most.Subject} is deleted",
            PolicyAction.SetDefault => $"{whose}, and {string.Join(", ", reference.Columns)} takes its default when {noun} {most.Subject} is deleted",
            PolicyAction.Reassign => $"{whose}, and {string.Join(", ", reference.Columns)} becomes the {noun} that the policy gives when {noun} {most.Subject} is deleted",
            _ => $"{noun} {most.Subject} can't be deleted while these {most.Rows} row(s) refer to what goes with it",
        };
    }

    private static PolicyAction Kept(Decision decision) => decision.Deletes ? PolicyAction.Cascade
        : decision.Blocks ? PolicyAction.Retain
        : decision.OnDelete == ReferentialAction.SetDefault ? PolicyAction.SetDefault : PolicyAction.SetNull;

    private static IEnumerable<PolicyAction> Possible(Decisions decisions, Reference reference)
    {
        var root = decisions.Reach.Root;
        yield return PolicyAction.Cascade;
        if (!reference.IsMandatory) yield return PolicyAction.SetNull;
        if (reference.Columns.Any(c => reference.Table.Column(c) is { HasDefault: true }) && reference.CanBeSet(ReferentialAction.SetDefault, [])) yield return PolicyAction.SetDefault;
        yield return PolicyAction.Retain;
        if (reference.ReferencedTable.Oid == root.Oid && reference.Columns.Length == 1 && reference.ReferencedColumns.SequenceEqual(root.PrimaryKey) && reference.Table.Column(reference.Columns[0]) is { IsGenerated: false }) yield return PolicyAction.Reassign;
    }
}
