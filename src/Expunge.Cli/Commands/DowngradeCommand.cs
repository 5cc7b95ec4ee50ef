using System.CommandLine;
using Expunge.Revisions;

namespace Expunge.Cli.Commands;

internal static class DowngradeCommand
{
    private static readonly Argument<string> Target = new("target") { Description = "-1: the last revision; base: all", DefaultValueFactory = _ => "-1" };

    public static Command Create()
    {
        Target.AcceptOnlyFromAmong("-1", "base");
        var command = new Command("downgrade", "Restore exactly what was there before a revision") { Target, StepOptions.MaxWait, StepOptions.LockTimeout, StepOptions.MaxLag, StepOptions.Progress, GlobalOptions.Yes };
        command.SetAction(Session.Action(RunAsync));
        return command;
    }

    private static async Task<int> RunAsync(Session session, CancellationToken cancellation)
    {
        var targets = Downgrade.Targets(await Journal.RevisionsAsync(session.Database, cancellation), session.Parsed.GetValue(Target) == "base");
        if (targets.Count == 0)
        {
            if (session.Json) Session.PrintJson(new { reverted = Array.Empty<object>() });
            else Output.Line("Nothing to revert: no revision is applied.");
            return ExitCodes.Ok;
        }

        await session.ConfirmAsync($"Revert {string.Join(", ", targets.Select(t => $"{t.Revision} ({t.Name}, {t.Steps} changes)"))} on {session.Where}? Deleting users may fail again afterwards.", cancellation);
        var outcomes = new List<RevisionOutcome>();
        foreach (var target in targets)
        {
            var plan = await Downgrade.PlanAsync(session.Database, target, cancellation);
            if (!session.Json) Output.Line($"Reverting {target.Revision} ({target.Name})...");
            var outcome = await StepOptions.WithProgressAsync(session, "Reverting", plan.Steps, progress => Downgrade.RevertAsync(session.Database, target, StepOptions.Read(session) with { Progress = progress }, cancellation));
            outcomes.Add(outcome);
            if (!session.Json) Print(outcome);
            if (!outcome.Succeeded) break;
        }

        if (session.Json)
        {
            Session.PrintJson(new { reverted = outcomes.Select(o => new { o.Revision, o.Name, o.State, steps = o.Results.Length, failures = o.Results.Where(r => r.Failure is not null).Select(r => new { table = r.Step.Table.Name.ToString(), r.Failure!.Code, r.Failure.Message, r.Failure.NextStep }) }) });
        }

        return outcomes.TrueForAll(o => o.Succeeded) ? ExitCodes.Ok : ExitCodes.NotOk;
    }

    private static void Print(RevisionOutcome outcome)
    {
        foreach (var result in outcome.Results.Where(r => r.Failure is not null)) Output.Line($"  ⚠️  Could not restore {result.Step.Table}: {result.Failure!.Message}. {result.Failure.NextStep}");
        var restored = outcome.Plan.Steps.OfType<SwapStep>().Sum(s => s.Changes.Length) + outcome.Plan.Steps.OfType<PartitionedSwapStep>().Sum(s => s.Changes.Length);
        var dropped = outcome.Plan.Steps.OfType<DropIndexStep>().Count();
        Output.Line(outcome.Succeeded
            ? $"✅ Reverted {outcome.Revision}: {restored} constraints as they were before, {dropped} indexes dropped."
            : $"⚠️  {outcome.Results.Count(r => r.Failure is not null)} steps could not be reverted; run  expunge downgrade -1  again");
    }
}
