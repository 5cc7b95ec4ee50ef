using System.Text;

namespace Expunge.Pictures;

/// <summary>A picture in DOT, for Graphviz. The nodes have the tables' full names, and the arrows go the way of a deletion.</summary>
public static class DotPicture
{
    /// <summary>Draws it.</summary>
    /// <param name="picture">The picture.</param>
    /// <returns>Lines that end in <c>\n</c>.</returns>
    public static string Draw(Picture picture)
    {
        var tables = picture.Tables.ToDictionary(t => t.Name);
        var text = new StringBuilder("digraph \"expunge\" {\n");
        text.Append($"  graph [rankdir=\"LR\", bgcolor=\"{PictureColors.Ground}\", fontname=\"sans-serif\", labelloc=\"t\", label=\"{Escape(PictureText.Summary(picture))}\"];\n");
        text.Append($"  node [shape=\"box\", style=\"filled\", fontname=\"sans-serif\", fillcolor=\"{PictureColors.Table}\", color=\"{PictureColors.Border}\", fontcolor=\"{PictureColors.Text}\"];\n");
        text.Append("  edge [fontname=\"sans-serif\", fontsize=\"10\"];\n");
        foreach (var table in picture.Tables)
        {
            var look = table.Depth == 0 ? $", fillcolor=\"{PictureColors.Root}\", fontcolor=\"{PictureColors.Ground}\"" : table.LosesRows ? "" : $", style=\"dashed\", fillcolor=\"{PictureColors.Staying}\"";
            text.Append($"  {Id(table.Name)} [label=\"{Escape(PictureText.Label(table))}\"{look}{(table.IsShared ? ", peripheries=\"2\"" : "")}, tooltip=\"{Escape(string.Join(", ", PictureText.Marks(table).Prepend(PictureText.OneLine(table.Name))))}\"];\n");
        }

        foreach (var reference in picture.References)
        {
            var label = $"{PictureText.Columns(reference)}: {string.Join(", ", PictureText.Marks(reference).Prepend(PictureText.Rule(reference)))}";
            var color = PictureColors.Of(reference.Action);
            text.Append($"  {Id(reference.ReferencedTable)} -> {Id(reference.Table)} [label=\"{Escape(label)}\", color=\"{color}\", fontcolor=\"{color}\"{(reference.Blocks ? ", penwidth=\"3\"" : "")}{(reference.IsSoft ? ", style=\"dashed\"" : "")}")
                .Append($", tooltip=\"{Escape(PictureText.Description(reference, tables[reference.Table], tables[reference.ReferencedTable]))}\"];\n");
        }

        return text.Append("}\n").ToString();
    }

    // Backslashes are doubled before, too: a name with a line break must not meet one that has a backslash and an n.
    private static string Id(string name) => $"\"{Quote(PictureText.OneLine(name.Replace("\\", @"\\", StringComparison.Ordinal)))}\"";

    // Of a label Graphviz reads \n, \N and the like, and HTML's entities.
    private static string Escape(string text) => Quote(text).Replace("&", "&amp;", StringComparison.Ordinal);

    // A doubled backslash stays doubled in an identifier, and can't end the string.
    private static string Quote(string text) => text.Replace("\\", @"\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal);
}
