using System.Collections.Immutable;
using System.CommandLine;
using Expunge.Policy;
using Expunge.Verification;

namespace Expunge.Cli.Commands;

internal static class OrphansCommand
{
    private static readonly Option<string[]> Reference = new("--reference") { Description = "Only this reference, as the policy file writes it; may be given more than once", HelpName = "table.column" };
    private static readonly Option<bool> All = new("--all") { Description = "Read also the tables of which a validated constraint proves that they have none" };
    private static readonly Option<string?> Fix = new("--fix") { Description = "Delete the orphans, or set their columns to NULL", HelpName = "delete|set-null" };

    public static Command Create()
    {
        Fix.AcceptOnlyFromAmong("delete", "set-null");
        var command = new Command("orphans", "Find rows whose parent is gone, and delete them or set them to NULL") { Reference, All, ScanOptions.Limit, ScanOptions.Timeout, Fix, GlobalOptions.Yes };
        command.SetAction(Session.Action(RunAsync));
        return command;
    }

    private static async Task<int> RunAsync(Session session, CancellationToken cancellation)
    {
        var timeout = session.Parsed.GetValue(ScanOptions.Timeout);
        var decisions = Decisions.Of(await session.Database.ReadCatalogAsync(cancellation), session.Policy());
        var options = new OrphanOptions { References = [.. session.Parsed.GetValue(Reference) ?? []], All = session.Parsed.GetValue(All), Limit = session.Parsed.GetValue(ScanOptions.Limit), Timeout = timeout };
        var report = await Orphans.FindAsync(session.Database, decisions, options, cancellation);
        var results = ImmutableArray<OrphanFixResult>.Empty;
        var fix = session.Parsed.GetValue(Fix);
        if (!session.Json) OrphansReport.Print(report, options);
        if (fix is not null && report.Rows > 0)
        {
            var plan = await OrphanFixPlanner.PlanAsync(session.Database, decisions, report, fix == "delete" ? OrphanFixAction.Delete : OrphanFixAction.SetNull, timeout, cancellation);
            if (!session.Json) OrphansReport.Print(plan);
            await session.ConfirmAsync($"{(fix == "delete" ? "Delete" : "Set to NULL in")} {plan.Rows} row(s) of {session.Where}? This can't be undone.", cancellation);
            results = await OrphanFixer.RunAsync(session.Database, decisions, plan, timeout, new Notes(), cancellation);
            if (!session.Json) OrphansReport.Print(plan, results);
        }

        // What was found and is gone now is no reason to complain.
        var ok = results.IsEmpty ? report.Ok : results.All(r => r.Left == 0) && report.Lines.All(l => l.NotCounted is null);
        if (session.Json) Session.PrintJson(new { report.Root, report.Lines, report.Rows, fix, @fixed = results, ok });
        return ok ? ExitCodes.Ok : ExitCodes.NotOk;
    }

    /// <summary>One line on stderr for each new thing that it waits for.</summary>
    private sealed class Notes : IProgress<OrphanFixProgress>
    {
        private string? _said;

        public void Report(OrphanFixProgress value)
        {
            // The same one, a second later.
            if (value.Note is not { } note || note.Split(',')[0] == _said) return;
            _said = note.Split(',')[0];
            Console.Error.WriteLine($"  ⏳ {value.Reference} waits for {note}");
        }
    }
}
