using System.Text;

namespace Expunge.Pictures;

/// <summary>A picture as a flowchart of Mermaid, which GitHub draws from a block <c>```mermaid</c>. The arrows go the way of a deletion.</summary>
public static class MermaidPicture
{
    // What stands for itself everywhere in a quoted label. Not backquotes (they begin Markdown), not the colon: Mermaid looks for styles before it looks for labels.
    private const string Plain = " (),→";

    /// <summary>Draws it.</summary>
    /// <param name="picture">The picture.</param>
    /// <returns>Lines that end in <c>\n</c>, without the fence.</returns>
    public static string Draw(Picture picture)
    {
        var ids = picture.Tables.Select((t, i) => (t.Name, Id: $"t{i}")).ToDictionary(t => t.Name, t => t.Id);
        var text = new StringBuilder("flowchart LR\n");
        foreach (var table in picture.Tables) text.Append($"  {ids[table.Name]}[\"{Escape(PictureText.Label(table))}\"]:::{Class(table)}\n");
        foreach (var reference in picture.References)
        {
            var label = string.Join(", ", PictureText.Marks(reference).Prepend(PictureText.Rule(reference)).Select(Escape));
            text.Append($"  {ids[reference.ReferencedTable]} {(reference.IsSoft ? "-.->" : "-->")}|\"{Escape(PictureText.Columns(reference))}: {label}\"| {ids[reference.Table]}\n");
        }

        text.Append($"  classDef root fill:{PictureColors.Root},stroke:{PictureColors.Root},color:{PictureColors.Ground}\n");
        text.Append($"  classDef loses fill:{PictureColors.Table},stroke:{PictureColors.Border},color:{PictureColors.Text}\n");
        text.Append($"  classDef shared fill:{PictureColors.Table},stroke:{PictureColors.Warning},stroke-width:3px,color:{PictureColors.Text}\n");
        text.Append($"  classDef stays fill:{PictureColors.Staying},stroke:{PictureColors.Border},stroke-dasharray:4,color:{PictureColors.Text}\n");
        foreach (var style in picture.References.Select((r, i) => (Index: i, r.Action, r.Blocks)).GroupBy(r => (r.Action, r.Blocks)))
        {
            text.Append($"  linkStyle {string.Join(',', style.Select(r => r.Index))} stroke:{PictureColors.Of(style.Key.Action)}{(style.Key.Blocks ? ",stroke-width:3px" : "")}\n");
        }

        return text.ToString();
    }

    private static string Class(PictureTable table) => table.Depth == 0 ? "root" : !table.LosesRows ? "stays" : table.IsShared ? "shared" : "loses";

    /// <summary>Everything that could mean something to Mermaid or to Markdown, as <c>#code;</c>; <c>_</c>, <c>-</c> and <c>.</c> only where they are not within a word.</summary>
    private static string Escape(string text)
    {
        var escaped = new StringBuilder();
        var runes = text.EnumerateRunes().ToList();
        for (var i = 0; i < runes.Count; i++)
        {
            var within = i > 0 && i + 1 < runes.Count && Rune.IsLetterOrDigit(runes[i - 1]) && Rune.IsLetterOrDigit(runes[i + 1]);
            var plain = Rune.IsLetterOrDigit(runes[i]) || (runes[i].IsBmp && (Plain.Contains((char)runes[i].Value, StringComparison.Ordinal) || (within && runes[i].Value is '_' or '-' or '.')));
            escaped.Append(plain ? runes[i].ToString() : $"#{runes[i].Value};");
        }

        return escaped.ToString();
    }
}
