using Spectre.Console;

namespace Expunge.Cli;

/// <summary>Text for people: aligned columns, colours on a terminal only (NO_COLOR respected by the console library).</summary>
internal static class Output
{
    private static readonly IAnsiConsole Out = AnsiConsole.Create(new AnsiConsoleSettings());

    public static void Line(string text = "") => Console.Out.WriteLine(text);

    /// <summary>Rows in aligned columns, without borders, so that a pipe can read them.</summary>
    public static void Columns(IReadOnlyList<string> headings, IEnumerable<IReadOnlyList<string>> rows)
    {
        if (Console.IsOutputRedirected)
        {
            Pipe([headings, .. rows]);
            return;
        }

        var table = new Table().Border(TableBorder.None);
        foreach (var heading in headings) table.AddColumn(new TableColumn(new Text(heading, new Style(decoration: Decoration.Bold))).PadLeft(0).PadRight(2).NoWrap());
        foreach (var row in rows) table.AddRow(row.Select(cell => new Text(cell)));
        Out.Write(table);
    }

    // Spectre's tables fill the last column up, and take a fifth of a second for 1,000 lines.
    private static void Pipe(List<IReadOnlyList<string>> rows)
    {
        var widths = rows[0].Select((_, column) => rows.Max(row => row[column].GetCellWidth())).ToList();
        foreach (var row in rows) Line(string.Concat(row.Select((cell, column) => cell + new string(' ', widths[column] - cell.GetCellWidth() + 2))).TrimEnd());
    }
}
