using System.Collections.Immutable;
using System.Text;

namespace Expunge.Pictures;

/// <summary>How wide a text is, as well as one can know without the font, and how it is cut to fit. The font has characters of one width.</summary>
internal static class SvgText
{
    public const string Font = "ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace";
    public const int TitleSize = 11;
    public const int LineSize = 10;
    public const int MarkWidth = 13;
    public const int Padding = 10;

    private const int LongestTitle = 34;
    private const int LongestLine = 30;
    private const double CharacterWidth = 0.61;

    public static string Title(PictureTable table) => Cut(PictureText.Label(table), LongestTitle);

    public static string Line(PictureReference reference) => Cut(PictureText.Columns(reference), LongestLine);

    public static int Width(string text, int size) => (int)Math.Ceiling(Units(text) * size * CharacterWidth);

    public static int BoxWidth(PictureTable table, ImmutableArray<PictureReference> references) => (2 * Padding) + references
        .Select(r => Width(Line(r), LineSize) + (MarkWidth * SvgMarks.Of(r).Count()) + Padding).Append(Width(Title(table), TitleSize)).Max();

    private static string Cut(string text, int longest)
    {
        if (Units(text) <= longest) return text;
        var cut = new StringBuilder();
        var units = 1;
        foreach (var rune in text.EnumerateRunes())
        {
            units += Units(rune);
            if (units > longest) break;
            cut.Append(rune);
        }

        return cut.Append('…').ToString();
    }

    private static int Units(string text) => text.EnumerateRunes().Sum(Units);

    // East Asian characters and pictures take two.
    private static int Units(Rune rune) => rune.Value >= 0x1100 && rune.Value is not (>= 0x2000 and <= 0x2BFF) ? 2 : 1;
}
