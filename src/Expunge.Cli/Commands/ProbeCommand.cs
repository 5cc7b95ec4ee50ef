using System.CommandLine;
using Expunge.Probing;

namespace Expunge.Cli.Commands;

internal static class ProbeCommand
{
    private static readonly Option<bool> AllowUnprobed = new("--allow-unprobed") { Description = "Exit 0 although something could not be probed" };
    private static readonly Option<bool> AllowOutside = new("--allow-outside") { Description = "Let triggers fire that reach outside the database" };

    private const string RolledBack = " Everything was rolled back.";

    public static Command Create()
    {
        var command = new Command("probe", "Make a test user with a row by every reference, delete it, look what is left, and roll everything back") { AllowUnprobed, AllowOutside };
        command.SetAction(Session.Action(RunAsync));
        return command;
    }

    private static async Task<int> RunAsync(Session session, CancellationToken cancellation)
    {
        // Sequences go on, whatever is rolled back.
        session.WhenStopped = RolledBack.Trim();
        var report = await Probe.RunAsync(session.Database, session.Policy(), session.Parsed.GetValue(AllowOutside), cancellation: cancellation);
        if (session.Json) Session.PrintJson(report);
        else Print(report);
        // Without a test user nothing at all was probed, and nobody can want that to pass.
        return report.Ok && (report.Complete || (session.Parsed.GetValue(AllowUnprobed) && report.Lines[0].State == ProbeState.Proved)) ? ExitCodes.Ok : ExitCodes.NotOk;
    }

    internal static void Print(ProbeReport report)
    {
        Output.Columns(
            ["", "table", "column", "action", "rows", "after the deletion"],
            report.Lines.Select(l => (string[])[l.State switch { ProbeState.Proved => "✅", ProbeState.Blocks => "🔒", ProbeState.Failed => "❌", _ => "❔" }, l.Table, l.Columns, l.Action, $"{l.Rows}", l.Outcome]));
        foreach (var lost in report.Lost) Output.Line($"❌ Not the test user's, and lost: {lost}");
        Output.Line();
        if (report.Sequences.Length > 0) Output.Line($"ℹ️  Sequences that gave numbers, which stay used: {string.Join(", ", report.Sequences)}");
        var references = report.Lines[1..];
        var unprobed = references.Count(l => l.State == ProbeState.NotProbed);
        Output.Line(report switch
        {
            { Refusal: { } refusal } => $"❌ The test user can't be deleted: {refusal.Replace(RolledBack, "", StringComparison.Ordinal)}{RolledBack}\n   → expunge verify",
            { Ok: false } => $"❌ {references.Count(l => l.State == ProbeState.Failed)} of {references.Length} references did not do what the policy says{(report.Lost.IsEmpty ? "" : ", and rows were lost that are not the test user's")}.{RolledBack}",
            _ when report.Lines[0].State == ProbeState.NotProbed => $"❌ No test user could be made, so nothing was probed.{RolledBack}",
            _ => $"{(unprobed == 0 ? "✅" : "⚠️ ")} {references.Length - unprobed} of {references.Length} references probed: {report.Rows} rows made, {report.Deleted} deleted with the test user, {report.Others} of others untouched.{RolledBack}",
        });
        if (report.Ok && unprobed > 0 && report.Lines[0].State == ProbeState.Proved) Output.Line($"   → {unprobed} could not be probed, for the reasons above; --allow-unprobed takes that for done");
    }
}
