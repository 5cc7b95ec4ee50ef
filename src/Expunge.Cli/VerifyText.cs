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

    internal static string Sum(VerifyReport report)
    {
        var errors = report.Findings.Count(f => f.Severity == FindingSeverity.Error);
        var good = report.Lines.Count(l => l.Ok);
        if (report.Ok) return $"✅ {good} of {report.Lines.Length} references to {report.Root} are as the policy says.";
        // An error can be about something else than a reference, such as a missing right.
        var (count, not) = good == report.Lines.Length ? (good, "") : (report.Lines.Length - good, "not ");
        return $"❌ {count} of {report.Lines.Length} references to {report.Root} are {not}as the policy says; {errors} error{(errors == 1 ? "" : "s")}.";
    }

    internal static string YesNo(bool value) => value ? "yes" : "no";
}
