using System.Collections.Immutable;
using Expunge.Verification;

namespace Expunge.Cli;

/// <summary>Shows orphans, what is to be done with them, and what was.</summary>
internal static class OrphansReport
{
    public static void Print(OrphanReport report, OrphanOptions options)
    {
        // Of all references most are proved; who names one wants to be told.
        var shown = report.Lines.Where(l => !options.References.IsEmpty || l.ProvedBy is null || options.All).ToList();
        if (shown.Count > 0) Output.Columns(["", "reference", "references", "orphans", "constraint"], shown.Select(l => (string[])[Mark(l), l.Reference, l.References, Count(l), State(l)]));
        foreach (var line in shown.Where(l => !l.Examples.IsEmpty))
        {
            Output.Line();
            Output.Line(line.Rows > line.Examples.Length ? $"{line.Reference}, {line.Examples.Length} of {line.Rows}:" : $"{line.Reference}:");
            foreach (var example in line.Examples) Output.Line($"  {example.Row}: {Missing(example.Missing, line)}");
        }

        var proved = report.Lines.Count(l => l.ProvedBy is not null);
        if (shown.Count > 0) Output.Line();
        if (shown.Count < report.Lines.Length) Output.Line($"{proved} reference(s) are proved by their constraints; --all reads them, too.");
        var notCounted = report.Lines.Count(l => l.NotCounted is not null);
        if (notCounted > 0) Output.Line($"⚠️  {notCounted} reference(s) were not counted, for the reasons above. Where time ran out: --timeout, or one by one with --reference.");
        if (report.Rows > 0) Output.Line($"❌ {report.Rows} row(s) of {report.Lines.Count(l => l.Rows > 0)} reference(s) refer to rows that do not exist.");
        else if (notCounted == 0) Output.Line("✅ No row refers to one that does not exist.");
    }

    public static void Print(OrphanFixPlan plan)
    {
        Output.Line();
        foreach (var part in plan.Parts)
        {
            Output.Line(plan.Action == OrphanFixAction.SetNull ? $"Sets {string.Join(", ", part.SetColumns)} of {part.Rows} row(s) of {part.Table} to NULL." : $"Deletes {part.Rows} row(s) of {part.Table} by {part.Reference}.");
            if (part.Also is null) Output.Line($"  With them go, not counted, rows of {string.Join(", ", part.AlsoIn)}.");
            foreach (var also in part.Also ?? []) Output.Line($"  With them {(also.Deleted > 0 ? $"go {also.Deleted} row(s)" : "")}{(also is { Deleted: > 0, Updated: > 0 } ? " and " : "")}{(also.Updated > 0 ? $"{also.Updated} row(s) lose their reference" : "")} of {also.Table}.");
            foreach (var blocker in part.Blockers) Output.Line($"  ⚠️  {blocker.Rows} row(s) of {blocker.Reference} keep some of them ({blocker.Reason}).");
        }
    }

    public static void Print(OrphanFixPlan plan, ImmutableArray<OrphanFixResult> results)
    {
        foreach (var result in results)
        {
            var also = string.Join(", ", result.Also.Select(a => $"{a.Rows} of {a.Table}"));
            if (result.Fixed > 0) Output.Line($"✅ {(plan.Action == OrphanFixAction.Delete ? "Deleted" : "Set to NULL")} {result.Fixed} row(s) of {result.Reference}{(also.Length > 0 ? $", and with them {also}" : "")}.");
            foreach (var refusal in result.Refusals) Output.Line($"❌ {result.Reference}: {refusal}  [{ErrorCodes.OrphansBlocked}]");
            if (result.Left is null) Output.Line($"⚠️  {result.Reference}: how many are left was not counted.");
            else if (result.Left > 0) Output.Line($"❌ {result.Left} orphan(s) of {result.Reference} are left; the same command goes on.");
        }
    }

    private static string Mark(OrphanLine line) => line.NotCounted is not null ? "⚠️" : line.Rows > 0 ? "❌" : "✅";

    private static string Count(OrphanLine line) => line.Rows is { } rows ? $"{rows}" : line.NotCounted ?? "0";

    private static string State(OrphanLine line) => line is { ProvedBy: { } constraint, Rows: null } ? $"proved by {constraint}" : line.Declared;

    private static string Missing(RowKey missing, OrphanLine line) => line.Declared == "soft reference" && missing.Values is [null] ? $"{missing.Columns[0]} holds no key of {line.References}" : $"{missing}";
}
