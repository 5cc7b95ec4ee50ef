using System.CommandLine;
using Expunge.Deletion;
using Expunge.Subjects;

namespace Expunge.Cli.Commands;

internal static class DeleteCommand
{
    private static readonly Argument<string[]> Ids = new("id") { Description = "The keys of the users", Arity = ArgumentArity.OneOrMore };
    private static readonly Option<bool> DryRun = new("--dry-run") { Description = "Only count what would be deleted" };

    public static Command Create()
    {
        var command = new Command("delete", "Delete users permanently, with everything that is theirs") { Ids, DryRun, GlobalOptions.Yes };
        command.SetAction(Session.Action(RunAsync));
        return command;
    }

    private static async Task<int> RunAsync(Session session, CancellationToken cancellation)
    {
        var policy = session.Policy();
        var subject = SubjectTable.NounOf(policy.Root);
        var estimate = await Estimator.EstimateAsync(session.Database, policy, session.Parsed.GetValue(Ids)!, cancellation);
        var dryRun = session.Parsed.GetValue(DryRun);
        if (!session.Json)
        {
            // Without a question only the result is shown, unless there is none.
            if (dryRun || !estimate.Blockers.IsEmpty || !session.Parsed.GetValue(GlobalOptions.Yes)) Lines(estimate.Lines);
            foreach (var id in estimate.NotFound) Output.Line($"⚠️  {subject} {id} not found");
            foreach (var blocker in estimate.Blockers) Output.Line($"❌ {blocker.Rows} row(s) of {blocker.Reference} block the deletion: {blocker.Reason}");
        }

        if (dryRun || estimate.Subjects.IsEmpty)
        {
            if (session.Json) Session.PrintJson(new { dryRun, deleted = 0, estimate.Subjects, estimate.NotFound, estimate.Lines, estimate.Blockers, estimate.TotalDeleted, estimate.TotalUpdated });
            else Output.Line(estimate.Subjects.IsEmpty ? "Nothing to delete." : $"Would delete {Count(estimate)}. Nothing was changed.");
            return estimate.NotFound.IsEmpty && estimate.Blockers.IsEmpty ? ExitCodes.Ok : ExitCodes.NotOk;
        }

        if (!estimate.Blockers.IsEmpty)
        {
            throw new ExpungeException(
                ErrorCodes.DeletionBlocked, $"{string.Join("; ", estimate.Blockers.Select(b => $"{b.Rows} row(s) of {b.Reference} stay and block the deletion ({b.Reason})"))}.",
                "Delete or reassign these rows first, or decide the reference otherwise in the policy. Nothing was deleted.");
        }

        await session.ConfirmAsync($"Permanently delete {Count(estimate)} from {session.Where}? This can't be undone.", cancellation);
        var result = await Deleter.DeleteAsync(session.Database, policy, estimate.Subjects, cancellation);
        var notFound = estimate.NotFound.AddRange(result.NotFound);
        if (session.Json)
        {
            Session.PrintJson(new { dryRun, deleted = result.Deleted.Length, subjects = result.Deleted, notFound, result.Lines, result.TotalDeleted, result.Method, result.ResidualChecked, milliseconds = result.Elapsed.TotalMilliseconds });
        }
        else
        {
            Lines(result.Lines);
            foreach (var id in result.NotFound) Output.Line($"⚠️  {subject} {id} not found: it was deleted meanwhile");
            Output.Line($"✅ Permanently deleted {result.Deleted.Length} {subject}(s) and all associated data: {result.TotalDeleted} rows in {result.Elapsed.TotalMilliseconds:0} ms, {result.Method}; {result.ResidualChecked} references searched afterwards, 0 rows left.");
        }

        return notFound.IsEmpty ? ExitCodes.Ok : ExitCodes.NotOk;

        string Count(DeletionEstimate e) => $"{e.Subjects.Length} {subject}(s), {e.TotalDeleted} rows in {e.Lines.Count(l => l.Deleted > 0)} tables{(e.TotalUpdated > 0 ? $" ({e.TotalUpdated} rows stay and lose their reference)" : "")}";
    }

    private static void Lines(IEnumerable<DeletionLine> lines) =>
        Output.Columns(["table", "deleted", "updated", "path"], lines.Select(l => (string[])[l.Table, $"{l.Deleted}", $"{l.Updated}", l.Path]));
}
