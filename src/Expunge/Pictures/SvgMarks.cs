using System.Xml.Linq;

namespace Expunge.Pictures;

/// <summary>The signs of the drawing for what is to be seen at a glance; the tooltips and the legend have the words.</summary>
internal static class SvgMarks
{
    /// <summary>The marks of a reference that have a sign; a soft one is known by its dashes.</summary>
    public static IEnumerable<string> Of(PictureReference reference) => PictureText.Marks(reference).Where(m => m != PictureText.Soft);

    /// <summary>The signs, for the drawing's definitions. Their ids say whose they are: the drawing can be part of a page.</summary>
    public static IEnumerable<XElement> Definitions() =>
    [
        Sign(PictureText.Blocks, PictureColors.Blocks, SvgXml.Circle(0, 0, 5), SvgXml.Rectangle(-3, -1, 6, 2, PictureColors.Ground)),
        Sign(PictureText.Undecided, PictureColors.Blocks, SvgXml.Text("?", 0, 4, 13, bold: true, anchor: "middle")),
        Sign(PictureText.NoIndex, PictureColors.Warning, SvgXml.Path("M0 -5L5.5 4.5H-5.5Z"), SvgXml.Path("M-.8 -2H.8L.5 1.4H-.5ZM-.6 2.1H.6V3.3H-.6Z", fill: PictureColors.Ground)),
    ];

    public static XElement At(string mark, int x, int y) => SvgXml.Element("use", [("href", $"#{Id(mark)}"), ("x", x), ("y", y)]);

    private static XElement Sign(string mark, string color, params XElement[] parts) => SvgXml.Group([("id", Id(mark)), ("fill", color)], [.. parts]);

    private static string Id(string mark) => $"expunge-{mark.Replace(' ', '-')}";
}
