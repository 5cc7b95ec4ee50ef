using Expunge.Verification;

namespace Expunge.Cli;

/// <summary>A verification for a terminal: a line for each reference, the findings by severity, the groups, the sum.</summary>
internal static class VerifyText
{
    public static void Print(VerifyReport report)
    {
        Output.Columns(
            ["", "table", "column", "delete rule", "wanted", "constraint", "validated", "enforced", "index"],
            report.Lines.Select(l => (string[])[l.Ok ? "✅" : "❌", l.Table, l.Columns, l.DeleteRule, l.Wanted, l.Constraint, YesNo(l.Validated), YesNo(l.Enforced), YesNo(l.Indexed)]));
        foreach (var severity in report.Findings.GroupBy(f => f.Severity))
        {
            Output.Line();
            Output.Line($"{Title(severity.Key)} ({severity.Count()})");
            foreach (var f in severity) Output.Line($"  {f.Code} {f.Object}: {f.Message}\n          → {f.Repair}");
        }

        if (report.Groups.Length > 0) Output.Line();
        foreach (var group in report.Groups) Output.Line(Words(group));
        Output.Line();
        Output.Line(Sum(report));
    }

    internal static string Title(FindingSeverity severity) => severity == FindingSeverity.Error ? "Errors" : "Warnings";

    internal static string Words(GroupResult group) => $"{(group.Ok == group.Total ? "✅" : "❌")} {group.Title} {group.Ok}/{group.Total}";

    internal static string Sum(VerifyReport report) => $"{(report.Ok ? "✅" : "❌")} {report.Summary}";

    internal static string YesNo(bool value) => value ? "yes" : "no";
}
