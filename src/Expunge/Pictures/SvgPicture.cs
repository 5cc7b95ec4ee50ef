using System.Collections.Immutable;

namespace Expunge.Pictures;

/// <summary>A picture as an SVG document that needs nothing else: no script, no style sheet, no font, no network.</summary>
public static class SvgPicture
{
    private const int Margin = 24;
    private const int HeadingHeight = 56;
    private const int HeadingSize = 15;
    private const int SummarySize = 11;

    /// <summary>Draws it: the root at the left, tables in columns by their depth, each with a line for each of its references. Tooltips name constraints and delete rules.</summary>
    /// <param name="picture">The picture.</param>
    /// <returns>An XML document that ends in <c>\n</c>.</returns>
    public static string Draw(Picture picture)
    {
        var boxes = SvgColumns.Place(picture);
        var routes = SvgRoutes.Lead(picture, boxes);
        var (heading, summary) = ($"What a deletion from {PictureText.OneLine(picture.Root)} concerns", PictureText.Summary(picture));
        var heights = boxes.SelectMany(b => (int[])[b.Y, b.Bottom]).Concat(routes.SelectMany(r => r.Lanes)).ToList();
        var inner = ((int[])[boxes.Max(b => b.Right), SvgText.Width(heading, HeadingSize), SvgText.Width(summary, SummarySize), SvgLegend.NarrowestWidth(picture)]).Max();
        var (legend, legendHeight) = SvgLegend.Draw(picture, heights.Max() + Margin, inner);
        var (top, width) = (heights.Min() - HeadingHeight, inner + (2 * Margin));
        var height = heights.Max() + Margin + legendHeight + Margin - top;

        return SvgXml.Write(SvgXml.Element(
            "svg",
            [
                ("viewBox", $"{-Margin} {top} {width} {height}"), ("width", width), ("height", height), ("role", "img"), ("aria-label", $"{heading}: {summary}"), ("font-family", SvgText.Font), ("fill", PictureColors.Text),
            ],
            SvgXml.Element("title", [], heading),
            SvgXml.Element("desc", [], summary),
            SvgXml.Element("defs", [], SvgMarks.Definitions()),
            SvgXml.Rectangle(-Margin, top, width, height, PictureColors.Ground),
            SvgXml.Text(heading, 0, top + 26, HeadingSize, bold: true),
            SvgXml.Text(summary, 0, top + 43, SummarySize, PictureColors.Faint),
            ByAction(routes, c => [("fill", "none"), ("stroke", c), ("stroke-opacity", "0.7")], r => SvgXml.Path(r.Path, dashed: r.Reference.IsSoft, content: SvgXml.Tooltip(Tooltip(r.Reference)))),
            boxes.Select(b => SvgTables.Draw(b, Tooltip)),
            ByAction(routes, c => [("fill", c)], r => SvgXml.Circle(r.X, r.Y, 3)),
            legend));

        string Tooltip(PictureReference reference) =>
            PictureText.Description(reference, picture.Tables.First(t => t.Name == reference.Table), picture.Tables.First(t => t.Name == reference.ReferencedTable));
    }

    private static IEnumerable<object> ByAction(ImmutableArray<SvgRoute> routes, Func<string, (string, object?)[]> attributes, Func<SvgRoute, object> draw) =>
        routes.GroupBy(r => r.Reference.Action).OrderBy(g => g.Key).Select(g => SvgXml.Group(attributes(PictureColors.Of(g.Key)), g.Select(draw)));
}
