using System.Collections.Immutable;
using System.CommandLine;
using Expunge.Policy;
using Expunge.Postgres;
using Expunge.Revisions;
using Expunge.Subjects;

namespace Expunge.Cli.Commands;

internal static class UpgradeCommand
{
    private static readonly Argument<string> Target = new("target") { Description = "head: the policy's revision", DefaultValueFactory = _ => "head" };
    private static readonly Option<string?> Backup = new("--backup") { Description = "Take a backup into this file first", HelpName = "file" };

    private static readonly Option<bool> SkipValidate = new("--skip-validate") { Description = "Leave the scans of the existing rows for a later  upgrade --validate-only" };
    private static readonly Option<bool> ValidateOnly = new("--validate-only") { Description = "Only check the existing rows" };
    private static readonly Option<string[]> Only = new("--only") { Description = "Only this table; may be given more than once", HelpName = "table" };
    private static readonly Option<int> ValidateJobs = StepOptions.Seconds("--validate-jobs", "How many tables are validated at once", 2, 1, 16);
    private static readonly Option<int> MaxHold = StepOptions.Seconds("--max-hold", "Seconds that a partitioned table may be locked at the most (before PostgreSQL 18)", 1, 0, 3600);

    public static Command Create()
    {
        Target.AcceptOnlyFromAmong("head");
        ValidateJobs.HelpName = "number";
        var command = new Command("upgrade", "Bring the constraints to what the policy says, without stopping the application")
        {
            Target, Backup, Only, SkipValidate, ValidateOnly, ValidateJobs, StepOptions.MaxWait, StepOptions.LockTimeout, StepOptions.MaxLag, MaxHold, StepOptions.Progress,
            GlobalOptions.AcceptPublished, GlobalOptions.Yes,
        };
        command.Validators.Add(result =>
        {
            if (result.GetValue(SkipValidate) && result.GetValue(ValidateOnly)) result.AddError("--skip-validate and --validate-only exclude each other.");
        });
        command.SetAction(Session.Action(RunAsync));
        return command;
    }

    private static async Task<int> RunAsync(Session session, CancellationToken cancellation)
    {
        var policy = session.Policy();
        var whole = await Upgrade.PlanAsync(session.Database, policy, cancellation);
        Upgrade.RefuseUndecided(whole.Decisions!);
        var options = StepOptions.Read(session) with
        {
            Part = session.Parsed.GetValue(SkipValidate) ? UpgradePart.WithoutValidation : session.Parsed.GetValue(ValidateOnly) ? UpgradePart.ValidationOnly : UpgradePart.All,
            Only = Tables(whole.Decisions!, session.Parsed.GetValue(Only) ?? []),
            ValidateJobs = session.Parsed.GetValue(ValidateJobs),
        };
        var plan = whole.Restricted(options.Part, options.Only);
        RefuseLongHold(plan, TimeSpan.FromSeconds(session.Parsed.GetValue(MaxHold)));
        if (plan.Steps.Length > 0)
        {
            await session.ConfirmAsync($"Apply revision {policy.Revision} ({policy.Name}) to {session.Where}: {plan.Steps.Length} steps on {plan.Steps.Select(s => s.Table.Oid).Distinct().Count()} tables?", cancellation);
        }

        if (session.Parsed.GetValue(Backup) is { } file) await BackupCommand.TakeAsync(session, file, plan.Decisions!.Catalog.Server.Major, cancellation);

        if (!session.Json) Output.Line($"Fixing CASCADE constraints for {SubjectTable.NounOf(policy.Root)}-related tables...");
        UpgradeReport? report = null;
        var outcome = await StepOptions.WithProgressAsync(session, "Fixing", plan.Steps, progress => Upgrade.ApplyAsync(
            session.Database,
            policy,
            options with
            {
                Planned = applied => report = new UpgradeReport(applied, options.Only, session.Json ? _ => { } : Output.Line),
                Progress = new Both(progress, p => report!.Done(p)),
            },
            cancellation));
        report!.End(outcome.Late);

        var left = outcome.Plan.LeftOut.Length;
        if (session.Json) Session.PrintJson(new { outcome.Revision, outcome.Name, outcome.State, steps = outcome.Results.Length, left, tables = report.Tables, notFixed = report.Failures, references = report.References });
        else if (report.Failures > 0) Output.Line($"⚠️  {report.Failures} of {report.References} constraints could not be fixed");
        else if (left > 0) Output.Line($"⏳ {outcome.Results.Length} steps done, {left} left for later. Go on with:  expunge upgrade head{(options.Part == UpgradePart.WithoutValidation ? " --validate-only" : "")}");
        else Output.Line(outcome.Plan.IsEmpty ? "✅ Nothing to do: everything is as the policy says." : "✅ CASCADE constraints fixed successfully!");
        // What was asked for is done; that something is left was asked for, too.
        return outcome.Succeeded || (left > 0 && report.Failures == 0 && outcome.Results.All(r => r.Failure is null)) ? ExitCodes.Ok : ExitCodes.NotOk;
    }

    private static ImmutableArray<QualifiedName> Tables(Decisions decisions, string[] names) =>
    [
        .. names.Select(text =>
        {
            var known = decisions.All.Select(d => d.Reference.Table.Name).Concat(decisions.SoftReferences.Select(s => s.Table.Name)).Distinct().ToList();
            var name = Session.TableName("--only", text, decisions.Schema);
            return known.Contains(name) ? name : throw new ExpungeException(
                ErrorCodes.Usage, $"--only: no reference to {decisions.Policy.Root} comes from '{text}'{NearestName.Hint(name.Display(decisions.Schema), known.Select(k => k.Display(decisions.Schema)), ".")}", "expunge verify  lists the tables. Nothing was changed.");
        }),
    ];

    private static void RefuseLongHold(Plan plan, TimeSpan most)
    {
        if (plan.Steps.OfType<PartitionedSwapStep>().Where(s => s.EstimatedHold > most).MaxBy(s => s.EstimatedHold) is not { } longest) return;
        throw new ExpungeException(
            ErrorCodes.NeedsConfirmation, $"{longest.Table} has {longest.Leaves.Length} partitions: its swap would lock it and what it refers to for about {longest.EstimatedHold.TotalSeconds:0.0} s.",
            $"Choose a quiet moment and allow it:  --max-hold {Math.Ceiling(longest.EstimatedHold.TotalSeconds):0}  or leave the table out with --only. Nothing was changed.");
    }

    /// <summary>Tells both.</summary>
    private sealed class Both(IProgress<StepProgress> first, Action<StepProgress> second) : IProgress<StepProgress>
    {
        public void Report(StepProgress value)
        {
            first.Report(value);
            second(value);
        }
    }
}
