using System.CommandLine;
using Expunge.Graph;
using Expunge.Policy;
using Expunge.Revisions;
using Expunge.Verification;

namespace Expunge.Cli.Commands;

internal static class PlanCommand
{
    private static readonly Option<bool> Sql = new("--sql") { Description = "Print the statements" };

    public static Command Create()
    {
        var command = new Command("plan", "Show what upgrade would do: steps, locks, estimated time, undecided references") { Sql };
        command.SetAction(Session.Action(RunAsync));
        return command;
    }

    private static async Task<int> RunAsync(Session session, CancellationToken cancellation)
    {
        var plan = await Upgrade.PlanAsync(session.Database, session.Policy(), cancellation);
        var decisions = plan.Decisions!;
        if (session.Json) PrintJson(plan, decisions);
        else if (session.Parsed.GetValue(Sql)) PrintSql(plan);
        else Print(plan, decisions);
        return decisions.Undecided.IsEmpty && plan.Problems.IsEmpty ? ExitCodes.Ok : ExitCodes.NotOk;
    }

    private static void Print(Plan plan, Decisions decisions)
    {
        var schema = decisions.Schema;
        var direct = decisions.All.Count(d => decisions.Reach.DepthOf(d.Reference) == 1);
        Output.Line($"Revision {decisions.Policy.Revision} ({decisions.Policy.Name}): {decisions.All.Length} references lead to {decisions.Policy.Root}, {direct} directly, from {decisions.All.Select(d => d.Reference.Table.Oid).Distinct().Count()} tables.");
        var blocking = Prediction.Of(decisions.Catalog, decisions.Reach.Root).Blocking.Count();
        if (blocking > 0) Output.Line($"{blocking} of them block a deletion today.");
        foreach (var phase in plan.Steps.GroupBy(s => s.Phase))
        {
            Output.Line();
            Output.Line($"{RevisionWords.OfPhase(phase.Key)} ({phase.Count()} steps)");
            // What is done comes last: it can be long.
            Output.Columns(["table", "locks", "what"], phase.Select(s => (string[])[s.Table.Name.Display(schema), RevisionWords.OfLocks(s), s.Description]));
        }

        // Those that the policy sets null too: they are what makes the rows stay.
        var shared = decisions.All.Where(d => d.Source == DecisionSource.Named || decisions.Undecided.Contains(d)).ToList();
        if (shared.Count > 0)
        {
            Output.Line();
            Output.Line("Decided one by one: by most of these a row can belong to two subjects");
            Output.Columns(["reference", "decided"], shared.Select(d => (string[])[d.Reference.Display(schema), decisions.Undecided.Contains(d) ? "⚠️  undecided" : d.Action.Word()]));
        }

        Output.Line();
        foreach (var table in decisions.MissingTables) Output.Line($"⏭️  {table.Display(schema)} does not exist and is skipped.");
        foreach (var finding in Verifier.Verify(decisions).Findings.Where(f => f.Code == FindingCodes.NoReplicaIdentity)) Output.Line($"⚠️  {finding.Object}: {finding.Message}; {finding.Repair}  [{finding.Code}]");
        if (decisions.Catalog.Server.Receivers > 0 && plan.Steps.Any(s => s is SwapStep or PartitionedSwapStep)) Output.Line("⚠️  Standbys are connected: each swap's lock is replayed there, and may cancel their queries on these tables.");
        foreach (var problem in plan.Problems) Output.Line($"⚠️  {problem.Table.Name.Display(schema)}: {problem.Reason}. {problem.NextStep}");
        if (!decisions.Undecided.IsEmpty) Output.Line($"⚠️  {decisions.Undecided.Length} shared references are undecided: upgrade refuses until the policy names each under 'references'. expunge init suggests{(decisions.SoftReferences.IsEmpty ? "" : ", but not where a soft reference makes the second way")}.");
        if (decisions.Undecided.IsEmpty) Output.Line(plan.IsEmpty ? "Nothing to do: everything is as the policy says." : $"{plan.Steps.Length} steps, about {Math.Max(1, plan.EstimatedTime.TotalSeconds):0} s of scanning beside the application. Apply it:  expunge upgrade head");
    }

    private static void PrintSql(Plan plan)
    {
        foreach (var step in plan.Steps)
        {
            Output.Line($"-- {step.Phase}: {step.Table}: {step.Description}");
            foreach (var sql in step.Sql) Output.Line($"{sql};");
        }
    }

    private static void PrintJson(Plan plan, Decisions decisions) => Session.PrintJson(new
    {
        revision = decisions.Policy.Revision,
        name = decisions.Policy.Name,
        root = decisions.Policy.Root.ToString(),
        steps = plan.Steps.Select(s => new { phase = s.Phase, table = s.Table.Name.ToString(), s.Description, s.Sql, locks = s.Locks.Select(l => new { table = l.Table.ToString(), l.Mode, l.HeldWhileScanning }), s.Undo }),
        blocking = Prediction.Of(decisions.Catalog, decisions.Reach.Root).Effects.Where(e => e.Blocks)
            .Select(e => new { reference = e.Reference.Display(decisions.Schema), constraint = e.Constraint.Name, reasons = e.Refusals.Select(r => r.Words()) }),
        undecided = decisions.Undecided.Select(d => d.Reference.Display(decisions.Schema)),
        problems = plan.Problems.Select(p => new { table = p.Table.Name.ToString(), p.Reason, p.NextStep }),
        missingTables = decisions.MissingTables.Select(t => t.ToString()),
        estimatedSeconds = plan.EstimatedTime.TotalSeconds,
    });
}
