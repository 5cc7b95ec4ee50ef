using System.Xml.Linq;
using Expunge.Policy;

namespace Expunge.Pictures;

/// <summary>Draws what colours and signs mean, those that the picture has.</summary>
internal static class SvgLegend
{
    public const int RowHeight = 20;

    private const int SampleWidth = 26;
    private const int Between = 26;

    /// <summary>How wide it is at least: its longest entry is never cut.</summary>
    public static int NarrowestWidth(Picture picture) => Entries(picture).Select(e => Width(e.Words)).DefaultIfEmpty(0).Max();

    /// <summary>Draws it in rows from a place on.</summary>
    /// <returns>The drawing and its height.</returns>
    public static (XElement Drawing, int Height) Draw(Picture picture, int top, int width)
    {
        var (x, y) = (0, top + (RowHeight / 2));
        var legend = SvgXml.Group([]);
        foreach (var (sample, words) in Entries(picture))
        {
            var needed = Width(words);
            if (x > 0 && x + needed > width) (x, y) = (0, y + RowHeight);
            legend.Add(sample(x, y), SvgXml.Text(words, x + SampleWidth, y + 4, SvgText.TitleSize));
            x += needed + Between;
        }

        return (legend, y + (RowHeight / 2) - top);
    }

    private static int Width(string words) => SampleWidth + SvgText.Width(words, SvgText.TitleSize);

    private static IEnumerable<(Func<int, int, object> Sample, string Words)> Entries(Picture picture)
    {
        foreach (var action in picture.References.Select(r => r.Action).Distinct().Order()) yield return ((x, y) => Line(PictureColors.Of(action), x, y), PictureText.Words(action));
        var marks = picture.References.SelectMany(PictureText.Marks).Concat(picture.Tables.SelectMany(PictureText.Marks)).ToHashSet(StringComparer.Ordinal);
        foreach (var (mark, meaning) in PictureText.Meanings.Where(m => marks.Contains(m.Mark)))
        {
            yield return (
                (x, y) => mark switch
                {
                    PictureText.Soft => Line(PictureColors.Of(PolicyAction.Cascade), x, y, dashed: true),
                    PictureText.Shared => Box(x, y, losesRows: true),
                    PictureText.Stays => Box(x, y, losesRows: false),
                    _ => SvgMarks.At(mark, x + 10, y),
                },
                $"{mark}: {meaning}");
        }
    }

    private static XElement Line(string color, int x, int y, bool dashed = false) => SvgXml.Group(
        [], SvgXml.Group([("stroke", color)], SvgXml.Path($"M{x} {y}H{x + 17}", dashed)), SvgXml.Group([("fill", color)], SvgXml.Circle(x + 17, y, 3)));

    private static XElement Box(int x, int y, bool losesRows) => SvgTables.Frame(new PictureTable("", "", 1, losesRows, IsShared: losesRows), x, y - 6, 16, 11);
}
