using System.Text;
using System.Text.RegularExpressions;
using Expunge.Verification;

namespace Expunge.Cli;

/// <summary>A verification as Markdown, for a pull request: the sum, the references that are not as they should be, the findings.</summary>
internal static partial class VerifyMarkdown
{
    public static string Write(VerifyReport report)
    {
        var text = new StringBuilder();
        Line($"## {Text(VerifyText.Sum(report))}");
        Line();
        Line($"{report.Lines.Length} references, {report.Lines.Count(l => l.Ok)} as the policy says; {Count(FindingSeverity.Error, "error")}, {Count(FindingSeverity.Warning, "warning")}.");

        // Those that a finding names, too: a missing index is trouble, though the rule is right.
        var named = report.Findings.Select(f => f.Object).ToHashSet(StringComparer.Ordinal);
        var troubled = report.Lines.Where(l => !l.Ok || named.Contains(l.Object)).ToList();
        if (troubled.Count > 0)
        {
            Line();
            Line("| | table | column | delete rule | wanted | constraint | validated | enforced | index |");
            Line("|---|---|---|---|---|---|---|---|---|");
            foreach (var l in troubled) Line($"| {(l.Ok ? "⚠️" : "❌")} | {string.Join(" | ", new[] { l.Table, l.Columns, l.DeleteRule, l.Wanted, l.Constraint, VerifyText.YesNo(l.Validated), VerifyText.YesNo(l.Enforced), VerifyText.YesNo(l.Indexed) }.Select(Text))} |");
        }

        foreach (var severity in report.Findings.GroupBy(f => f.Severity))
        {
            Line();
            Line($"### {VerifyText.Title(severity.Key)} ({severity.Count()})");
            Line();
            foreach (var f in severity) Line($"- **{f.Code}** {Code(f.Object)}: {Text(f.Message)}  \n  → {Code(f.Repair)}");
        }

        if (report.Groups.Length > 0)
        {
            Line();
            foreach (var group in report.Groups) Line($"- {Text(VerifyText.Words(group))}");
        }

        return text.ToString();

        void Line(string line = "") => text.Append(line).Append('\n');

        string Count(FindingSeverity severity, string word) => report.Findings.Count(f => f.Severity == severity) is var count && count == 1 ? $"1 {word}" : $"{count} {word}s";
    }

    /// <summary>Text that Markdown and HTML leave as it is, also in the cell of a table.</summary>
    private static string Text(string text) => Special().Replace(OneLine(text), @"\$0");

    private static string Code(string text)
    {
        // A fence that is longer than any in the text.
        var fence = new string('`', Ticks().Matches(text).Select(m => m.Length).DefaultIfEmpty(0).Max() + 1);
        return fence.Length == 1 ? $"`{OneLine(text)}`" : $"{fence} {OneLine(text)} {fence}";
    }

    private static string OneLine(string text) => text.ReplaceLineEndings(" ");

    [GeneratedRegex(@"[\\`*_{}\[\]<>#|~&]")]
    private static partial Regex Special();

    [GeneratedRegex("`+")]
    private static partial Regex Ticks();
}
