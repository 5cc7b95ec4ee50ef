using System.CommandLine;
using Expunge.Policy;
using Expunge.Verification;

namespace Expunge.Cli.Commands;

internal static class SoftCommand
{
    private static readonly Option<bool> Write = new("--write") { Description = "Add the strong and likely ones to the policy file, marked for review" };
    private static readonly Option<int> Timeout = StepOptions.Seconds("--timeout", "Seconds for all of it", 60, 1, 86_400);
    private static readonly Option<bool> All = new("--all") { Description = "Show those that are merely possible, too" };

    public static Command Create()
    {
        var command = new Command("soft", "Find columns that hold users' keys without a foreign key") { Write, Timeout, All };
        command.SetAction(Session.Action(RunAsync));
        return command;
    }

    private static async Task<int> RunAsync(Session session, CancellationToken cancellation)
    {
        var policy = session.Policy();
        var write = session.Parsed.GetValue(Write);
        if (write && policy.Path is null) throw new ExpungeException(ErrorCodes.Usage, "--write adds to a policy file, and --root is instead of one.", "Name the file with --config, or write one with 'expunge init'.");
        var report = await SoftSearch.FindAsync(session.Database, policy, TimeSpan.FromSeconds(session.Parsed.GetValue(Timeout)), cancellation);
        var proposed = report.Proposed.ToList();
        if (write && proposed.Count > 0) SoftReferenceWriter.AddToFile(policy.Path!, [.. proposed.Select(c => (Key(c), $"review ({Word(c)}): {c.Evidence}"))]);
        var written = write && proposed.Count > 0 ? policy.Path : null;

        if (session.Json) Session.PrintJson(Document(report, session.Parsed.GetValue(All), written));
        else Print(report, session.Parsed.GetValue(All), write, written);
        return report.Unread.IsEmpty && (proposed.Count == 0 || written is not null) ? ExitCodes.Ok : ExitCodes.NotOk;
    }

    private static object Document(SoftReport report, bool all, string? written) => new
    {
        root = report.Decisions.Policy.Root.ToString(),
        columns = report.Columns.Where(c => all || c.Likelihood != SoftLikelihood.Possible).Select(c => new
        {
            column = Key(c).Display(report.Decisions.Schema),
            c.Column.Type,
            references = c.References.Name.Display(report.Decisions.Schema),
            c.Likelihood,
            c.Evidence,
            c.RowsSampled,
            c.Undeclarable,
        }),
        unread = report.Unread.Select(u => new { table = u.Table.Display(report.Decisions.Schema), u.Reason }),
        written,
        ok = report.Ok || (report.Unread.IsEmpty && written is not null),
    };

    private static void Print(SoftReport report, bool all, bool write, string? written)
    {
        var schema = report.Decisions.Schema;
        var root = report.Decisions.Policy.Root;
        var proposed = report.Proposed.ToList();
        var possible = report.Columns.Where(c => c.Likelihood == SoftLikelihood.Possible).ToList();
        var others = report.Columns.Where(c => c.Likelihood != SoftLikelihood.Possible && !c.IsProposed).ToList();
        Table(all ? [.. proposed, .. possible.Where(c => c.Undeclarable is null)] : proposed, schema, c => c.Evidence);
        if (all) others.AddRange(possible.Where(c => c.Undeclarable is not null));
        if (others.Count > 0)
        {
            Output.Line("The policy can't declare these; see to them yourself:");
            Table(others, schema, c => $"{c.Evidence}; {c.Undeclarable}");
        }

        foreach (var unread in report.Unread) Output.Line($"⚠️  {unread.Table.Display(schema)}: {unread.Reason}; judged by its columns' names only");
        if (!all && possible.Count > 0) Output.Line($"{possible.Count} more {(possible.Count == 1 ? "is" : "are")} merely possible:  expunge soft --all");
        if (written is not null)
        {
            Output.Line($"✅ Added {Columns(proposed.Count)} to {written}. Review the lines marked '# review', give the policy a new revision where the present one is applied, then:  expunge plan");
        }
        else if (proposed.Count > 0)
        {
            Output.Line($"❌ {Columns(proposed.Count)} without a foreign key {(proposed.Count == 1 ? "seems" : "seem")} to hold keys of {root}. expunge soft --write  adds {(proposed.Count == 1 ? "it" : "them")} to the policy.");
        }
        else
        {
            Output.Line($"{(report.Unread.IsEmpty ? "✅" : "⚠️ ")} Found no column to declare as a soft reference to {root} beyond the policy's {report.Decisions.SoftReferences.Length}.{(write ? " The policy file is as it was." : "")}");
        }
    }

    private static void Table(List<SoftColumn> columns, string schema, Func<SoftColumn, string> evidence)
    {
        if (columns.Count == 0) return;
        Output.Columns(
            ["column", "type", "likelihood", "evidence", "rows sampled"],
            columns.Select(c => (string[])[Key(c).Display(schema), c.Column.Type, Word(c), evidence(c), $"{c.RowsSampled:N0}"]));
        Output.Line();
    }

    private static ReferenceKey Key(SoftColumn column) => new(column.Table.Name, [column.Column.Name]);

    private static string Columns(int count) => count == 1 ? "1 column" : $"{count} columns";

    private static string Word(SoftColumn column) => column.Likelihood.ToString().ToLowerInvariant();
}
