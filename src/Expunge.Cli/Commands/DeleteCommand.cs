using System.CommandLine;
using System.Runtime.CompilerServices;
using Expunge.Deletion;
using Expunge.Policy;
using Expunge.Receipts;
using Expunge.Subjects;

namespace Expunge.Cli.Commands;

internal static class DeleteCommand
{
    private const int MostShown = 20;

    private static readonly Argument<string[]> Ids = new("id") { Description = "The keys of the users", Arity = ArgumentArity.ZeroOrMore };
    private static readonly Option<string?> FromFile = new("--from-file") { Description = "Read the keys from a file, one a line; - for standard input", HelpName = "file" };
    private static readonly Option<string?> Where = new("--where") { Description = "The users that meet a condition on their own columns", HelpName = "condition" };
    private static readonly Option<bool> Marked = new("--marked") { Description = "The users that are marked for deletion, for longer than the policy's grace period" };
    private static readonly Option<bool> DryRun = new("--dry-run") { Description = "Only say what would be deleted" };
    private static readonly Option<string?> Explain = new("--explain") { Description = "Only say what one user has, by each reference", HelpName = "id" };
    private static readonly Option<bool> AllowMany = new("--allow-many") { Description = "Delete more users than the policy's max_subjects" };
    private static readonly Option<string?> IdempotencyKey = new("--idempotency-key") { Description = "The same key is the same deletion, however often it is asked for", HelpName = "key" };

    public static Command Create()
    {
        var command = new Command("delete", "Delete users permanently, with everything that is theirs") { Ids, FromFile, Where, Marked, DryRun, Explain, AllowMany, IdempotencyKey };
        RunOptions.AddTo(command);
        command.Options.Add(GlobalOptions.AcceptPublished);
        command.Validators.Add(result =>
        {
            bool[] ways = [result.GetValue(Ids)?.Length > 0, result.GetValue(FromFile) is not null, result.GetValue(Where) is not null, result.GetValue(Marked), result.GetValue(Explain) is not null];
            if (ways.Count(w => w) != 1) result.AddError("Name the users to delete in one way: their keys, --from-file, --where or --marked; or --explain one of them.");
        });
        command.SetAction(Session.Action(RunAsync));
        return command;
    }

    private static async Task<int> RunAsync(Session session, CancellationToken cancellation)
    {
        var policy = session.Policy();
        if (session.Parsed.GetValue(Explain) is { } id) return await ExplainAsync(session, policy, id, cancellation);
        var key = SigningKeyOption.Find(session);
        var (request, chosen) = await RequestAsync(session, policy, cancellation);
        var subject = SubjectTable.NounOf(policy.Root);
        var (dryRun, yes) = (session.Parsed.GetValue(DryRun), session.Parsed.GetValue(GlobalOptions.Yes));
        // Standard input can be read once: what it names is looked up when it is recorded.
        var rereadable = session.Parsed.GetValue(FromFile) != "-";
        if (!dryRun && rereadable && await Deletions.FindAsync(session.Database, policy, request, cancellation) is { } known) return await GoOnAsync(session, policy, known, key, subject, cancellation);

        if (chosen is { Length: 0 })
        {
            if (session.Json) Session.PrintJson(new { dryRun, deleted = 0, subjectCount = 0 });
            else Output.Line("Nothing to delete.");
            return ExitCodes.Ok;
        }

        if (chosen is not null && !session.Json) Output.Line($"{chosen.Length} {subject}(s): {string.Join(", ", chosen.Take(MostShown))}{(chosen.Length > MostShown ? ", …" : "")}");
        // A file can name a million; who answers with --yes does not wait for a plan of them.
        DeletionPlan? plan = null;
        if (dryRun || !yes || session.Parsed.GetValue(FromFile) is null)
        {
            if (!dryRun && !rereadable) throw new ExpungeException(ErrorCodes.NeedsConfirmation, "The keys come from standard input, so there is nobody to ask.", "Look first with --dry-run, then give --yes. Nothing was changed.");
            plan = await DeletionPlanner.PlanAsync(session.Database, policy, request, cancellation);
            if (!session.Json)
            {
                if (dryRun || !yes) DeletionPlanReport.Print(plan, subject);
                else DeletionPlanReport.PrintNotFound(plan, subject);
            }

            if (dryRun || plan.Subjects == 0) return Planned(session, plan, dryRun, subject);
            plan.ThrowIfRefused();
        }

        await session.ConfirmAsync($"Permanently delete {(plan is null ? "" : DeletionPlanReport.Summary(plan, subject))} from {session.Where}? This can't be undone.", cancellation);
        var (job, isNew) = await Deletions.CreateAsync(session.Database, policy, request, cancellation);
        return isNew ? await DeletionsCommand.RunAsync(session, policy, job, plan, key, cancellation) : await GoOnAsync(session, policy, job, key, subject, cancellation);
    }

    private static async Task<int> GoOnAsync(Session session, PolicyFile policy, DeletionJob job, SigningKey? key, string subject, CancellationToken cancellation)
    {
        if (!session.Json) Output.Line($"Deletion {job.Id} of {job.CreatedAt.UtcDateTime:yyyy-MM-dd HH:mm} UTC is of the same {subject}s{(job.IsOver ? "." : " and goes on.")}");
        if (!job.IsOver) await session.ConfirmAsync($"Permanently delete {job.Subjects.Pending} more {subject}(s) from {session.Where}? This can't be undone.", cancellation);
        return await DeletionsCommand.RunAsync(session, policy, job, plan: null, key, cancellation);
    }

    private static async Task<(DeletionRequest Request, string[]? Chosen)> RequestAsync(Session session, PolicyFile policy, CancellationToken cancellation)
    {
        var parsed = session.Parsed;
        var request = new DeletionRequest
        {
            Ids = AsyncEnumerable.Empty<string>(),
            IdempotencyKey = parsed.GetValue(IdempotencyKey),
            AllowMany = parsed.GetValue(AllowMany),
            AcceptPublished = parsed.GetValue(GlobalOptions.AcceptPublished),
        };
        if (parsed.GetValue(FromFile) is { } file) return (request with { Ids = LinesOf(file, cancellation), AreLines = true }, null);
        if (parsed.GetValue(Where) is { } condition)
        {
            string[] meeting = [.. await SubjectSelection.WhereAsync(session.Database, policy, condition, cancellation)];
            return (request with { Ids = meeting.ToAsyncEnumerable(), Selection = $"where {condition}" }, meeting);
        }

        if (!parsed.GetValue(Marked)) return (request with { Ids = parsed.GetValue(Ids)!.ToAsyncEnumerable() }, null);
        string[] marked = [.. await SubjectSelection.MarkedAsync(session.Database, policy, cancellation)];
        return (request with { Ids = marked.ToAsyncEnumerable(), Selection = "marked", OnlyMarked = true }, marked);
    }

    private static int Planned(Session session, DeletionPlan plan, bool dryRun, string subject)
    {
        if (session.Json) Session.PrintJson(DeletionPlanReport.Document(plan, dryRun));
        else Output.Line(plan.Subjects == 0 ? "Nothing to delete." : $"Would delete {DeletionPlanReport.Summary(plan, subject)}. Nothing was changed.");
        return plan.NotFound == 0 && plan.Counted.Blockers.IsEmpty && plan.Refusals.IsEmpty ? ExitCodes.Ok : ExitCodes.NotOk;
    }

    private static async Task<int> ExplainAsync(Session session, PolicyFile policy, string id, CancellationToken cancellation)
    {
        var references = await Estimator.ExplainAsync(session.Database, policy, id, cancellation);
        var holding = references.Where(r => r.Rows > 0).ToList();
        if (session.Json) Session.PrintJson(new { id, found = !references.IsEmpty, references });
        else if (references.IsEmpty) Output.Line($"⚠️  {SubjectTable.NounOf(policy.Root)} {id} not found");
        else
        {
            Output.Columns(["table", "column", "rows", "what happens", "path"], holding.Select(r => (string[])[r.Table, r.Columns ?? "", $"{r.Rows}", r.What, r.Path]));
            Output.Line($"{references.Length - holding.Count} more references have no row of {SubjectTable.NounOf(policy.Root)} {id}. Nothing was changed.");
        }

        return references.IsEmpty ? ExitCodes.NotOk : ExitCodes.Ok;
    }

    private static async IAsyncEnumerable<string> LinesOf(string file, [EnumeratorCancellation] CancellationToken cancellation)
    {
        using var reader = file == "-" ? new StreamReader(Console.OpenStandardInput()) : File.OpenText(file);
        while (await reader.ReadLineAsync(cancellation) is { } line) yield return line;
    }
}
