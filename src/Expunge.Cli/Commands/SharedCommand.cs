using System.CommandLine;
using Expunge.Policy;
using Expunge.Subjects;
using Expunge.Verification;

namespace Expunge.Cli.Commands;

internal static class SharedCommand
{
    private static readonly Option<bool> Sample = new("--sample") { Description = "Of large tables read a part only, and estimate" };

    public static Command Create()
    {
        var command = new Command("shared", "Find rows that are in the reach of two users, and what each action would do to whom") { Sample, ScanOptions.Limit, ScanOptions.Timeout };
        command.SetAction(Session.Action(RunAsync));
        return command;
    }

    private static async Task<int> RunAsync(Session session, CancellationToken cancellation)
    {
        var policy = session.Policy();
        var decisions = Decisions.Of(await session.Database.ReadCatalogAsync(cancellation), policy);
        var options = new SharedRowsOptions { Sample = session.Parsed.GetValue(Sample), Limit = session.Parsed.GetValue(ScanOptions.Limit), Timeout = session.Parsed.GetValue(ScanOptions.Timeout) };
        var report = await SharedRows.FindAsync(session.Database, decisions, options, cancellation);
        if (session.Json) Session.PrintJson(report);
        else Print(report, SubjectTable.NounOf(policy.Root));
        return report.Ok ? ExitCodes.Ok : ExitCodes.NotOk;
    }

    private static void Print(SharedRowsReport report, string noun)
    {
        var shown = report.Pairs.Where(p => p.Rows != 0).ToList();
        foreach (var pair in shown)
        {
            Output.Line($"{(!pair.IsDecided ? "❌" : pair.Rows is null ? "⚠️ " : "✅")} {pair.First.Name} and {pair.Second.Name}: {(pair.Rows is { } rows ? $"{(pair.IsEstimate ? "≈ " : "")}{rows} row(s) of two {noun}s{(pair.IsEstimate ? ", estimated from a sample" : "")}" : $"not counted, {pair.NotCounted}")}");
            foreach (var example in pair.Examples) Output.Line($"     {example.Row}: {noun} {example.First}, {noun} {example.Second}");
            Print(pair.First);
            Print(pair.Second);
            Output.Line();
        }

        var none = report.Pairs.Length - shown.Count;
        if (none > 0) Output.Line($"{none} more pair(s) of references have no row of two {noun}s{(report.Pairs.Any(p => p is { Rows: 0, IsEstimate: true }) ? ", or none in the sample" : "")}.");
        var undecided = shown.Where(p => !p.IsDecided).ToList();
        var notCounted = shown.Count(p => p.Rows is null);
        var counted = shown.Count - notCounted;
        if (notCounted > 0) Output.Line($"⚠️  {notCounted} pair(s) of references were not counted, for the reasons above{(undecided.Count == 0 ? "; each is decided" : "")}. Where time ran out: --timeout, or --sample.");
        if (undecided.Count > 0) Output.Line($"❌ {undecided.Count} of {shown.Count} pair(s) {(notCounted == 0 ? $"with rows of two {noun}s" : $"that have rows of two {noun}s, or were not counted,")} are undecided: name them under 'references'; expunge init suggests.");
        else if (counted > 0) Output.Line($"✅ {counted} pair(s) of references have rows of two {noun}s; each is decided.");
        else if (notCounted == 0) Output.Line($"✅ No row is in the reach of two {noun}s.");
    }

    private static void Print(SharedReference reference)
    {
        if (reference.Action is null) return;
        var (decided, others) = (reference.Effects.FirstOrDefault(), reference.Effects.Skip(1));
        Output.Line($"   {reference.Name} is {reference.Action} ({(reference.DecidedBy == "named" ? "named in the policy" : reference.DecidedBy == "existing" ? "as it is" : "the default")}){(decided is null ? "" : $": {decided.Effect}")}");
        foreach (var effect in others) Output.Line($"     {effect.Action}: {effect.Effect}");
    }
}
