using System.Collections.Immutable;
using System.CommandLine;
using Expunge.Deletion;
using Expunge.Policy;
using Expunge.Postgres;
using Expunge.Receipts;
using Expunge.Subjects;

namespace Expunge.Cli.Commands;

internal static class DeletionsCommand
{
    private static readonly Argument<long> Id = new("number") { Description = "The deletion's number" };

    public static Command Create()
    {
        var list = new Command("list", "The deletions, newest first");
        list.SetAction(Session.Action(ListAsync));
        var show = new Command("show", "One deletion: how far it is, what it has deleted, what failed") { Id };
        show.SetAction(Session.Action(async (session, cancellation) => await ShowAsync(session, await Deletions.ReadAsync(session.Database, Number(session), cancellation), cancellation)));
        var pause = new Command("pause", "Hold a deletion after the users that it has in hand") { Id };
        pause.SetAction(Session.Action(async (session, cancellation) => Print(session, await Deletions.PauseAsync(session.Database, Number(session), cancellation: cancellation), "⏸️  Paused")));
        var cancel = new Command("cancel", "Give up what a deletion has not begun, and what failed") { Id, SigningKeyOption.Instance };
        cancel.SetAction(Session.Action(async (session, cancellation) => Print(session, await Deletions.CancelAsync(session.Database, Number(session), SigningKeyOption.Find(session), cancellation: cancellation), "Cancelled")));
        var resume = new Command("resume", "Go on with a deletion that was paused or interrupted") { Id };
        RunOptions.AddTo(resume);
        resume.SetAction(Session.Action(async (session, cancellation) =>
        {
            var job = await Deletions.ReadAsync(session.Database, Number(session), cancellation);
            return await GoOnAsync(session, job, job.State == DeletionState.Paused ? () => Deletions.ResumeAsync(session.Database, job.Id, cancellation: cancellation) : null, cancellation);
        }));
        var retry = new Command("retry", "Try again what failed") { Id };
        RunOptions.AddTo(retry);
        retry.SetAction(Session.Action(async (session, cancellation) =>
        {
            var job = await Deletions.ReadAsync(session.Database, Number(session), cancellation);
            return await GoOnAsync(session, job, () => Deletions.RetryAsync(session.Database, job.Id, cancellation: cancellation), cancellation);
        }));
        return new Command("deletions", "Deletions as they are recorded: list, show, pause, resume, cancel, retry") { list, show, pause, resume, cancel, retry };
    }

    /// <summary>Carries a deletion out and prints how it ended.</summary>
    /// <param name="session">The session.</param>
    /// <param name="policy">The policy.</param>
    /// <param name="job">The deletion.</param>
    /// <param name="plan">What was planned and shown; null where nothing was.</param>
    /// <param name="key">What signs the receipt; null where there is no key.</param>
    /// <param name="cancellation">Stops it.</param>
    public static async Task<int> RunAsync(Session session, PolicyFile policy, DeletionJob job, DeletionPlan? plan, SigningKey? key, CancellationToken cancellation)
    {
        job = await RunOptions.RunAsync(session, policy, job.Id, key, cancellation);
        var exitCode = await ShowAsync(session, job, cancellation, plan);
        if (!session.Json && await ReceiptStore.FindAsync(session.Database, job.Id, cancellation) is { } receipt)
        {
            Output.Line($"🧾 The receipt is {(receipt.KeyId is { } id ? $"signed by key {id[..Math.Min(12, id.Length)]}" : "unsigned")}:  expunge receipt show {job.Id}");
        }

        await OutboxCommand.RemindAsync(session, policy, cancellation);
        return exitCode;
    }

    private static long Number(Session session) => session.Parsed.GetValue(Id);

    private static async Task<int> GoOnAsync(Session session, DeletionJob job, Func<Task<DeletionJob>>? change, CancellationToken cancellation)
    {
        var policy = session.Policy();
        var key = SigningKeyOption.Find(session);
        await session.ConfirmAsync($"Permanently delete {job.Subjects.Pending + job.Subjects.Failed} more {SubjectTable.NounOf(policy.Root)}(s) from {session.Where}? This can't be undone.", cancellation);
        if (change is not null) await change();
        return await RunAsync(session, policy, job, plan: null, key, cancellation);
    }

    private static async Task<int> ListAsync(Session session, CancellationToken cancellation)
    {
        var jobs = await Deletions.ListAsync(session.Database, cancellation: cancellation);
        if (session.Json) Session.PrintJson(new { deletions = jobs.Select(j => Document(j)) });
        else if (jobs.IsEmpty) Output.Line("There is no deletion yet.");
        else
        {
            Output.Columns(
                ["number", "state", "users", "deleted", "failed", "asked for (UTC)", "by"],
                jobs.Select(j => (string[])[$"{j.Id}", j.State.Word(), $"{j.Subjects.Total}", $"{j.Subjects.Deleted}", $"{j.Subjects.Failed}", $"{j.CreatedAt.UtcDateTime:yyyy-MM-dd HH:mm:ss}", j.RequestedBy]));
        }

        return ExitCodes.Ok;
    }

    private static int Print(Session session, DeletionJob job, string done)
    {
        if (session.Json) Session.PrintJson(Document(job));
        else Output.Line($"{done} deletion {job.Id}: {Summary(job)}");
        return ExitCodes.Ok;
    }

    private static async Task<int> ShowAsync(Session session, DeletionJob job, CancellationToken cancellation, DeletionPlan? plan = null)
    {
        var failures = job.Subjects.Failed == 0 ? [] : await Deletions.FailuresAsync(session.Database, job.Id, cancellation: cancellation);
        var noun = SubjectTable.NounOf(QualifiedName.Parse(job.Root));
        if (session.Json)
        {
            Session.PrintJson(Document(job, failures, plan, await ReceiptStore.FindAsync(session.Database, job.Id, cancellation)));
        }
        else
        {
            if (!job.Lines.IsEmpty) DeletionPlanReport.Lines(job.Lines);
            foreach (var failure in failures) Output.Line($"❌ {noun} {failure.Key ?? "(key erased)"}: {failure.Reason}");
            if (job.Subjects.Failed > failures.Length) Output.Line($"❌ and {job.Subjects.Failed - failures.Length} more");
            if (job.Subjects.NotFound > (plan?.FirstNotFound.Length ?? 0)) Output.Line($"⚠️  {job.Subjects.NotFound} {noun}(s) not found");
            if (job.Subjects.Unmarked > 0) Output.Line($"⏭️  {job.Subjects.Unmarked} {noun}(s) skipped: no longer marked");
            Output.Line(job.State switch
            {
                DeletionState.Completed => $"✅ Permanently deleted {job.Subjects.Deleted} {noun}(s) and all associated data: {job.TotalDeleted} rows in {job.Elapsed?.TotalMilliseconds:0} ms, {job.Method ?? "nothing to count"}; {job.ResidualChecked} references searched afterwards, 0 rows left.",
                DeletionState.Failed => $"❌ {job.Subjects.Failed} {noun}(s) could not be deleted; {job.Subjects.Deleted} are, {job.TotalDeleted} rows. Correct the reason, then  expunge deletions retry {job.Id}",
                DeletionState.Paused => $"⏸️  Deletion {job.Id} is paused: {Summary(job)} Go on:  expunge deletions resume {job.Id}",
                DeletionState.Cancelled => $"Deletion {job.Id} was cancelled: {Summary(job)}",
                _ => $"⏳ Deletion {job.Id} is {job.State.Word()}: {Summary(job)} If nothing is at work on it:  expunge deletions resume {job.Id}",
            });
        }

        return job.State == DeletionState.Completed && job.Subjects.NotFound == 0 ? ExitCodes.Ok : ExitCodes.NotOk;
    }

    private static string Summary(DeletionJob job) => $"{job.Subjects.Deleted} of {job.Subjects.Total} deleted, {job.TotalDeleted} rows.";

    private static object Document(DeletionJob job, ImmutableArray<FailedSubject>? failures = null, DeletionPlan? plan = null, Receipt? receipt = null) => new
    {
        deletion = job.Id,
        deleted = job.Subjects.Deleted,
        job.Root,
        job.State,
        job.Reason,
        job.RequestedBy,
        job.CreatedAt,
        job.StartedAt,
        job.FinishedAt,
        counts = job.Subjects,
        subjects = plan?.Counted.Subjects,
        notFound = plan?.FirstNotFound,
        job.Lines,
        job.TotalDeleted,
        job.Method,
        job.ResidualChecked,
        milliseconds = job.Elapsed?.TotalMilliseconds,
        failures,
        receipt = receipt is null ? null : new { signed = receipt.KeyId is not null, receipt.KeyId },
    };
}
