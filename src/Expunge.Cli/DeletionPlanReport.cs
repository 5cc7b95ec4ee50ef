using Expunge.Deletion;

namespace Expunge.Cli;

/// <summary>Shows what a deletion would do.</summary>
internal static class DeletionPlanReport
{
    public static void Print(DeletionPlan plan, string subject)
    {
        Lines(plan.Lines, plan.IsExact ? "" : "≈ ");
        if (!plan.IsExact) Output.Line($"From the rows of {plan.Counted.Subjects.Length} {subject}(s) at random, multiplied.");
        PrintNotFound(plan, subject);
        foreach (var whale in plan.Whales) Output.Line($"🐋 {subject} {whale.Key} has about {whale.Rows} rows: deleted in chunks, finished once begun");
        if (!plan.SoftReferences.IsEmpty) Output.Line($"Without a foreign key: {string.Join(", ", plan.SoftReferences)}");
        if (!plan.External.IsEmpty) Output.Line($"Into the outbox: the values of {string.Join(", ", plan.External)}");
        if (!plan.Triggers.IsEmpty) Output.Line($"Triggers of yours that fire: {string.Join(", ", plan.Triggers)}");
        PrintObstacles(plan);
    }

    public static void PrintNotFound(DeletionPlan plan, string subject)
    {
        foreach (var id in plan.FirstNotFound) Output.Line($"⚠️  {subject} {id} not found");
        if (plan.NotFound > plan.FirstNotFound.Length) Output.Line($"⚠️  and {plan.NotFound - plan.FirstNotFound.Length} more not found");
    }

    public static void PrintObstacles(DeletionPlan plan)
    {
        foreach (var blocker in plan.Counted.Blockers) Output.Line($"❌ {blocker.Rows} row(s) of {blocker.Reference} block the deletion: {blocker.Reason}");
        foreach (var retained in plan.Retained.Where(r => !plan.Counted.Blockers.Any(b => b.Reference == r.Reference))) Output.Line($"ℹ️  Rows of {retained.Reference} would stay and block, there are none: {retained.Reason}");
        foreach (var index in plan.MissingIndexes) Output.Line($"❌ no index finds the rows of {index.Reference}:  expunge upgrade head  or  {index.Sql}");
        foreach (var refusal in plan.Refusals.Where(r => r.Code == ErrorCodes.TooManySubjects)) Output.Line($"❌ {refusal.Message}");
    }

    public static void Lines(IEnumerable<DeletionLine> lines, string about = "") =>
        Output.Columns(["table", "deleted", "updated", "path"], lines.Select(l => (string[])[l.Table, $"{(l.Deleted > 0 ? about : "")}{l.Deleted}", $"{(l.Updated > 0 ? about : "")}{l.Updated}", l.Path]));

    /// <summary>The plan in one line.</summary>
    public static string Summary(DeletionPlan plan, string subject) =>
        $"{plan.Subjects} {subject}(s), {(plan.IsExact ? "" : "about ")}{plan.TotalDeleted} rows in {plan.Lines.Count(l => l.Deleted > 0)} tables{(plan.TotalUpdated > 0 ? $" ({plan.TotalUpdated} rows stay and lose their reference)" : "")}";

    public static object Document(DeletionPlan plan, bool dryRun) => new
    {
        dryRun,
        deleted = 0,
        subjects = plan.Counted.Subjects,
        subjectCount = plan.Subjects,
        notFound = plan.FirstNotFound,
        notFoundCount = plan.NotFound,
        exact = plan.IsExact,
        plan.Lines,
        plan.Counted.Blockers,
        plan.Retained,
        plan.Whales,
        plan.MissingIndexes,
        plan.SoftReferences,
        plan.External,
        plan.Triggers,
        plan.TotalDeleted,
        plan.TotalUpdated,
    };
}
