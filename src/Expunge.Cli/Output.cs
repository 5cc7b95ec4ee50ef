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
        var table = new Table().Border(TableBorder.None);
        foreach (var heading in headings) table.AddColumn(new TableColumn(new Text(heading, new Style(decoration: Decoration.Bold))).PadLeft(0).PadRight(2).NoWrap());
        foreach (var row in rows) table.AddRow(row.Select(cell => new Text(cell)));
        if (!Console.IsOutputRedirected)
        {
            Out.Write(table);
            return;
        }

        // Spectre fills the last column up; a pipe wants no trailing spaces.
        using var text = new StringWriter();
        var plain = AnsiConsole.Create(new AnsiConsoleSettings { Ansi = AnsiSupport.No, ColorSystem = ColorSystemSupport.NoColors, Out = new AnsiConsoleOutput(text) });
        plain.Profile.Width = 10_000;
        plain.Write(table);
        foreach (var line in text.ToString().TrimEnd().Split('\n')) Line(line.TrimEnd());
    }
}
