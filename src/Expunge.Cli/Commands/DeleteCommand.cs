using System.CommandLine;
using System.Runtime.CompilerServices;
using Expunge.Deletion;
using Expunge.Subjects;

namespace Expunge.Cli.Commands;

internal static class DeleteCommand
{
    private static readonly Argument<string[]> Ids = new("id") { Description = "The keys of the users", Arity = ArgumentArity.ZeroOrMore };
    private static readonly Option<bool> DryRun = new("--dry-run") { Description = "Only count what would be deleted" };
    private static readonly Option<string?> FromFile = new("--from-file") { Description = "Read the keys from a file, one a line; - for standard input", HelpName = "FILE" };
    private static readonly Option<string?> IdempotencyKey = new("--idempotency-key") { Description = "The same key is the same deletion, however often it is asked for", HelpName = "KEY" };

    public static Command Create()
    {
        var command = new Command("delete", "Delete users permanently, with everything that is theirs") { Ids, FromFile, DryRun, DeletionsCommand.TargetMs, IdempotencyKey, SigningKeyOption.Instance, GlobalOptions.Yes };
        command.Validators.Add(result =>
        {
            if ((result.GetValue(Ids)?.Length > 0) == (result.GetValue(FromFile) is not null)) result.AddError("Name the users to delete: either their keys, or --from-file.");
            if (result.GetValue(FromFile) is null && result.GetValue(IdempotencyKey) is not null) result.AddError("--idempotency-key goes with --from-file.");
            if (result.GetValue(FromFile) is null && result.GetValue(SigningKeyOption.Instance) is not null) result.AddError("--signing-key goes with --from-file.");
            if (result.GetValue(DryRun) && result.GetValue(FromFile) is not null) result.AddError("--dry-run takes keys, not a file: it follows every row of each user.");
        });
        command.SetAction(Session.Action(RunAsync));
        return command;
    }

    private static Task<int> RunAsync(Session session, CancellationToken cancellation) =>
        session.Parsed.GetValue(FromFile) is { } file ? FromFileAsync(session, file, cancellation) : OfIdsAsync(session, cancellation);

    private static async Task<int> OfIdsAsync(Session session, CancellationToken cancellation)
    {
        var policy = session.Policy();
        var subject = SubjectTable.NounOf(policy.Root);
        var estimate = await Estimator.EstimateAsync(session.Database, policy, session.Parsed.GetValue(Ids)!, cancellation);
        var dryRun = session.Parsed.GetValue(DryRun);
        if (!session.Json)
        {
            // Without a question only the result is shown, unless there is none.
            if (dryRun || !estimate.Blockers.IsEmpty || !session.Parsed.GetValue(GlobalOptions.Yes)) DeletionsCommand.Lines(estimate.Lines);
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
            DeletionsCommand.Lines(result.Lines);
            foreach (var id in result.NotFound) Output.Line($"⚠️  {subject} {id} not found: it was deleted meanwhile");
            Output.Line($"✅ Permanently deleted {result.Deleted.Length} {subject}(s) and all associated data: {result.TotalDeleted} rows in {result.Elapsed.TotalMilliseconds:0} ms, {result.Method}; {result.ResidualChecked} references searched afterwards, 0 rows left.");
        }

        return notFound.IsEmpty ? ExitCodes.Ok : ExitCodes.NotOk;

        string Count(DeletionEstimate e) => $"{e.Subjects.Length} {subject}(s), {e.TotalDeleted} rows in {e.Lines.Count(l => l.Deleted > 0)} tables{(e.TotalUpdated > 0 ? $" ({e.TotalUpdated} rows stay and lose their reference)" : "")}";
    }

    // However many they are: they go straight into the deletion, and only their number is known.
    private static async Task<int> FromFileAsync(Session session, string file, CancellationToken cancellation)
    {
        var policy = session.Policy();
        var key = SigningKeyOption.Find(session);
        var (job, isNew) = await Deletions.CreateAsync(
            session.Database, policy, new DeletionRequest { Ids = LinesOf(file, cancellation), AreLines = true, IdempotencyKey = session.Parsed.GetValue(IdempotencyKey) }, cancellation);
        if (!isNew && !session.Json) Output.Line($"Deletion {job.Id} of {job.CreatedAt.UtcDateTime:yyyy-MM-dd HH:mm} UTC is of the same {SubjectTable.NounOf(policy.Root)}s and goes on.");
        try
        {
            if (job.Subjects.Pending > 0) await session.ConfirmAsync($"Permanently delete {job.Subjects.Pending} {SubjectTable.NounOf(policy.Root)}(s), with everything that is theirs, from {session.Where}? This can't be undone.", cancellation);
        }
        catch when (isNew)
        {
            await Deletions.CancelAsync(session.Database, job.Id, key, CancellationToken.None);
            throw;
        }

        return await DeletionsCommand.RunAsync(session, policy, job, key, cancellation);
    }

    private static async IAsyncEnumerable<string> LinesOf(string file, [EnumeratorCancellation] CancellationToken cancellation)
    {
        using var reader = file == "-" ? new StreamReader(Console.OpenStandardInput()) : File.OpenText(file);
        while (await reader.ReadLineAsync(cancellation) is { } line) yield return line;
    }
}
