using System.CommandLine;
using System.Text;
using Expunge.Rehearsing;

namespace Expunge.Cli.Commands;

internal static class RehearseCommand
{
    private static readonly Option<string?> OutputFile = new("--output", "-o") { Description = "Write the report as Markdown into a new file, too", HelpName = "file" };
    private static readonly Option<int?> Rows = new("--rows") { Description = "Fill the copy with about so many invented rows, in proportion to the database's statistics, and delete a user of them", HelpName = "number" };
    private static readonly Option<bool> Force = new("--force") { Description = "Overwrite that file" };

    public static Command Create()
    {
        var command = new Command("rehearse", "Go the whole way on a private copy of the schema: plan, upgrade, verify, probe, downgrade, compare") { SchemaCopy.SchemaFile, Rows, OutputFile, Force };
        command.SetAction(Session.Action(RunAsync));
        return command;
    }

    private static async Task<int> RunAsync(Session session, CancellationToken cancellation)
    {
        var file = session.Parsed.GetValue(OutputFile);
        if (file is not null && File.Exists(file) && !session.Parsed.GetValue(Force)) throw new ExpungeException(ErrorCodes.FileExists, $"{file} exists already.", "Name another file, or give --force to overwrite it.");
        // Now, not when the rehearsal is over.
        if (file is not null && !Directory.Exists(Path.GetDirectoryName(Path.GetFullPath(file)))) throw new ExpungeException(ErrorCodes.Usage, $"There is no directory for {file}.", "Create it, or name another file.");
        var rows = await RowsAsync(session, cancellation);
        var policy = session.Policy();
        var sql = await SchemaCopy.SqlAsync(session, cancellation);
        await using var copy = await SchemaCopy.StartAsync(session, cancellation);
        var report = await Rehearsal.RunAsync(copy.Database, sql, policy, rows, cancellation);
        if (file is not null) await File.WriteAllTextAsync(file, Markdown(report), cancellation);
        if (session.Json) Session.PrintJson(new { root = policy.Root.ToString(), report.ServerVersion, report.Steps, milliseconds = (long)report.Elapsed.TotalMilliseconds, report.Ok });
        else Print(report, file);
        return report.Ok ? ExitCodes.Ok : ExitCodes.NotOk;
    }

    private static async Task<RehearsalRows?> RowsAsync(Session session, CancellationToken cancellation)
    {
        if (session.Parsed.GetValue(Rows) is not { } total) return null;
        if (session.Parsed.GetValue(SchemaCopy.SchemaFile) is not null) throw new ExpungeException(ErrorCodes.Usage, "--rows takes its proportions from a database's statistics, which a schema file does not have.", "Leave one of --rows and --schema-file out.");
        return total is > 0 and <= 100_000 ? new RehearsalRows((await session.Database.ReadCatalogAsync(cancellation)).Tables.ToDictionary(t => t.Name, t => t.EstimatedRows), total)
            : throw new ExpungeException(ErrorCodes.Usage, $"--rows is {total}.", "Give a number from 1 to 100000.");
    }

    private static void Print(RehearsalReport report, string? file)
    {
        Output.Line($"The whole way for {report.Root}, with a copy of the schema on a private PostgreSQL {report.ServerVersion}:");
        foreach (var step in report.Steps)
        {
            Output.Line($"{Mark(step)} {step.Name,-10} {step.Summary}");
            foreach (var detail in step.Details) Output.Line($"              {detail}");
        }

        Output.Line();
        Output.Line(report.Ok ? $"✅ Rehearsed in {report.Elapsed.TotalSeconds:0.0} s. Nothing of it touched your database." : "❌ It would not go all the way. Nothing of it touched your database.");
        if (file is not null) Output.Line($"📄 {file}");
    }

    private static string Markdown(RehearsalReport report)
    {
        var text = new StringBuilder($"# Rehearsal of {report.Root}: {(report.Ok ? "everything goes as it should" : "it would not go all the way")}\n\nWith a copy of the schema on a private PostgreSQL {report.ServerVersion}, in {report.Elapsed.TotalSeconds:0.0} s.\n\n| | step | |\n|---|---|---|\n");
        foreach (var step in report.Steps) text.Append($"| {Mark(step)} | {step.Name} | {Cell(step.Summary)} |\n");
        foreach (var step in report.Steps.Where(s => !s.Details.IsEmpty))
        {
            text.Append($"\n## {step.Name}\n\n");
            foreach (var detail in step.Details) text.Append($"- `{detail.ReplaceLineEndings(" ").Replace('`', '\'')}`\n");
        }

        return text.ToString();
    }

    private static string Cell(string text) => text.ReplaceLineEndings(" ").Replace("|", "\\|", StringComparison.Ordinal);

    private static string Mark(RehearsalStep step) => step.Ok switch { true => "✅", false => "❌", null => "⏭️ " };
}
