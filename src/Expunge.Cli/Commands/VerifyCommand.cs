using System.CommandLine;
using Expunge.Verification;

namespace Expunge.Cli.Commands;

internal static class VerifyCommand
{
    public static Command Create()
    {
        var command = new Command("verify", "Hold the catalog against the policy: each reference with its delete rule, and what is wrong");
        command.SetAction(Session.Action(RunAsync));
        return command;
    }

    private static async Task<int> RunAsync(Session session, CancellationToken cancellation)
    {
        var report = await DatabaseVerifier.ReadAsync(session.Database, session.Policy(), cancellation);
        if (session.Json) Session.PrintJson(report);
        else Print(report);
        return report.Ok ? ExitCodes.Ok : ExitCodes.NotOk;
    }

    private static void Print(VerifyReport report)
    {
        Output.Columns(
            ["", "table", "column", "delete rule", "wanted", "constraint", "index"],
            report.Lines.Select(l => (string[])[l.Ok ? "✅" : "❌", l.Table, l.Columns, l.DeleteRule + (l.Validated ? "" : " (NOT VALID)"), l.Wanted, l.Constraint, l.Indexed ? "yes" : "no"]));
        foreach (var severity in report.Findings.GroupBy(f => f.Severity))
        {
            Output.Line();
            Output.Line(severity.Key == FindingSeverity.Error ? $"Errors ({severity.Count()})" : $"Warnings ({severity.Count()})");
            foreach (var f in severity) Output.Line($"  {f.Code} {f.Object}: {f.Message}\n          → {f.Repair}");
        }

        if (report.Groups.Length > 0) Output.Line();
        foreach (var group in report.Groups) Output.Line($"{(group.Ok == group.Total ? "✅" : "❌")} {group.Title} {group.Ok}/{group.Total}");
        Output.Line();
        Output.Line(report.Ok
            ? $"✅ {report.Lines.Count(l => l.Ok)} of {report.Lines.Length} references to {report.Root} are as the policy says."
            : $"❌ {report.Lines.Count(l => !l.Ok)} of {report.Lines.Length} references to {report.Root} are not as the policy says; {report.Findings.Count(f => f.Severity == FindingSeverity.Error)} errors.");
    }
}
