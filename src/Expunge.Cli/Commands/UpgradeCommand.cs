using System.CommandLine;
using Expunge.Revisions;
using Expunge.Subjects;

namespace Expunge.Cli.Commands;

internal static class UpgradeCommand
{
    private static readonly Argument<string> Target = new("target") { Description = "head: the policy's revision", DefaultValueFactory = _ => "head" };
    private static readonly Option<string?> Backup = new("--backup") { Description = "Take a backup into this file first", HelpName = "file" };

    public static Command Create()
    {
        Target.AcceptOnlyFromAmong("head");
        var command = new Command("upgrade", "Bring the constraints to what the policy says, without stopping the application") { Target, Backup, GlobalOptions.MaxWait, GlobalOptions.AcceptPublished, GlobalOptions.Yes };
        command.SetAction(Session.Action(RunAsync));
        return command;
    }

    private static async Task<int> RunAsync(Session session, CancellationToken cancellation)
    {
        var policy = session.Policy();
        var plan = await Upgrade.PlanAsync(session.Database, policy, cancellation);
        Upgrade.RefuseUndecided(plan.Decisions!);
        if (plan.Steps.Length > 0)
        {
            await session.ConfirmAsync($"Apply revision {policy.Revision} ({policy.Name}) to {session.Where}: {plan.Steps.Length} steps on {plan.Steps.Select(s => s.Table.Oid).Distinct().Count()} tables?", cancellation);
        }

        if (session.Parsed.GetValue(Backup) is { } file) await BackupCommand.TakeAsync(session, file, plan.Decisions!.Catalog.Server.Major, cancellation);

        if (!session.Json) Output.Line($"Fixing CASCADE constraints for {SubjectTable.NounOf(policy.Root)}-related tables...");
        UpgradeReport? report = null;
        var outcome = await Output.WithProgressAsync("Fixing", plan.Steps.Length, tick => Upgrade.ApplyAsync(
            session.Database,
            policy,
            Options(session, result => { report!.Done(result); tick(); }) with { Planned = applied => report = new UpgradeReport(applied, session.Json ? _ => { } : Output.Line) },
            cancellation));
        report!.Flush(end: true);

        if (session.Json) Session.PrintJson(new { outcome.Revision, outcome.Name, outcome.State, steps = outcome.Results.Length, tables = report.Tables, notFixed = report.Failures, references = report.References });
        else if (!outcome.Succeeded) Output.Line($"⚠️  {report.Failures} of {report.References} constraints could not be fixed");
        else Output.Line(outcome.Plan.IsEmpty ? "✅ Nothing to do: everything is as the policy says." : "✅ CASCADE constraints fixed successfully!");
        return outcome.Succeeded ? ExitCodes.Ok : ExitCodes.NotOk;
    }

    public static UpgradeOptions Options(Session session, Action<StepResult> progress) => new()
    {
        Locks = new LockOptions { MaxWait = TimeSpan.FromSeconds(session.Parsed.GetValue(GlobalOptions.MaxWait)) },
        AcceptPublished = session.Parsed.GetValue(GlobalOptions.AcceptPublished),
        Progress = new Direct(progress),
    };

    /// <summary>Progress that is told at once, on the worker's thread; <see cref="Progress{T}"/> would tell it after the end.</summary>
    private sealed class Direct(Action<StepResult> report) : IProgress<StepResult>
    {
        public void Report(StepResult value) => report(value);
    }
}
