using System.Xml.Linq;

namespace Expunge.Pictures;

/// <summary>Draws the boxes.</summary>
internal static class SvgTables
{
    private const int Corner = 3;
    private const int ShadowOffset = 3;
    private const int BaseLine = 4;

    public static XElement Draw(SvgBox box, Func<PictureReference, string> tooltip)
    {
        var (table, x) = (box.Table, box.X + SvgText.Padding);
        return SvgXml.Group(
            [],
            SvgXml.Tooltip(string.Join(", ", PictureText.Marks(table).Prepend(PictureText.OneLine(table.Name)))),
            Frame(table, box.X, box.Y, box.Width, box.Height),
            SvgXml.Text(SvgText.Title(table), x, box.TitleY + BaseLine, SvgText.TitleSize, table.Depth == 0 ? PictureColors.Ground : null, bold: true),
            box.References.Select(r => Line(r, x, box.Right - SvgText.Padding, box.LineY(r), table.Depth == 0 ? PictureColors.Ground : PictureColors.Faint, tooltip(r))));
    }

    /// <summary>A box without its text; one of a shared table stands before another.</summary>
    public static XElement Frame(PictureTable table, int x, int y, int width, int height) => SvgXml.Group(
        [("fill", table.Depth == 0 ? PictureColors.Root : table.LosesRows ? PictureColors.Table : PictureColors.Staying), ("stroke", PictureColors.Border), ("stroke-dasharray", table.LosesRows ? null : "4 3")],
        table.IsShared ? SvgXml.Rectangle(x + ShadowOffset, y + ShadowOffset, width, height, rounded: Corner) : null,
        SvgXml.Rectangle(x, y, width, height, rounded: Corner));

    private static XElement Line(PictureReference reference, int x, int right, int y, string color, string tooltip) => SvgXml.Group(
        [],
        SvgXml.Tooltip(tooltip),
        SvgXml.Text(SvgText.Line(reference), x, y + BaseLine - 1, SvgText.LineSize, color),
        SvgMarks.Of(reference).Reverse().Select((m, i) => SvgMarks.At(m, right - 2 - (i * SvgText.MarkWidth), y)));
}
