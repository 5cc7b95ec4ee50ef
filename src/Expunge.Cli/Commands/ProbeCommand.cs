using System.CommandLine;
using Expunge.Probing;

namespace Expunge.Cli.Commands;

internal static class ProbeCommand
{
    private static readonly Option<bool> AllowUnprobed = new("--allow-unprobed") { Description = "Exit 0 although something could not be probed" };
    private static readonly Option<bool> AllowOutside = new("--allow-outside") { Description = "Let triggers fire that reach outside the database" };

    public static Command Create()
    {
        var command = new Command("probe", "Make a test user with a row by every reference, delete it, look what is left, and roll everything back") { AllowUnprobed, AllowOutside };
        command.SetAction(Session.Action(RunAsync));
        return command;
    }

    private static async Task<int> RunAsync(Session session, CancellationToken cancellation)
    {
        var report = await Probe.RunAsync(session.Database, session.Policy(), session.Parsed.GetValue(AllowOutside), cancellation: cancellation);
        if (session.Json) Session.PrintJson(report);
        else Print(report);
        return report.Ok && (report.Complete || session.Parsed.GetValue(AllowUnprobed)) ? ExitCodes.Ok : ExitCodes.NotOk;
    }

    internal static void Print(ProbeReport report)
    {
        Output.Columns(
            ["", "table", "column", "action", "rows", "after the deletion"],
            report.Lines.Select(l => (string[])[l.State switch { ProbeState.Proved => "✅", ProbeState.Blocks => "🔒", ProbeState.Failed => "❌", _ => "❔" }, l.Table, l.Columns, l.Action, $"{l.Rows}", l.Outcome]));
        foreach (var lost in report.Lost) Output.Line($"❌ Not the test user's, and lost: {lost}");
        Output.Line();
        if (report.Sequences.Length > 0) Output.Line($"ℹ️  Sequences that gave numbers, which stay used: {string.Join(", ", report.Sequences)}");
        var unprobed = report.Lines.Count(l => l.State == ProbeState.NotProbed);
        Output.Line(
            report.Refusal is { } refusal ? $"❌ The test user can't be deleted: {refusal} Everything was rolled back.\n   → expunge verify"
            : !report.Ok ? $"❌ {report.Lines.Count(l => l.State == ProbeState.Failed)} of {report.Lines.Length - 1} references did not do what the policy says. Everything was rolled back."
            : $"{(unprobed == 0 ? "✅" : "⚠️ ")} {report.Lines.Count(l => l.State is ProbeState.Proved or ProbeState.Blocks) - 1} of {report.Lines.Length - 1} references probed: {report.Rows} rows made, {report.Deleted} deleted with the test user, {report.Others} of others untouched. Everything was rolled back.");
        if (report.Ok && unprobed > 0) Output.Line($"   → {unprobed} could not be probed, for the reasons above; --allow-unprobed takes that for done");
    }
}
