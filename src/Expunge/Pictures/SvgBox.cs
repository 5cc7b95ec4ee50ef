using System.Collections.Immutable;

namespace Expunge.Pictures;

/// <summary>A table's place in the drawing, in pixels: its name, and below it a line for each of its references.</summary>
internal sealed record SvgBox(PictureTable Table, ImmutableArray<PictureReference> References, int Column, int X, int Y, int Width)
{
    public const int TitleHeight = 20;
    public const int LineHeight = 14;
    private const int Foot = 4;

    public int Height => HeightOf(References.Length);

    public int Right => X + Width;

    public int Bottom => Y + Height;

    /// <summary>Where references to the table end.</summary>
    public int TitleY => Y + (TitleHeight / 2);

    /// <summary>Where the reference begins.</summary>
    public int LineY(PictureReference reference) => Y + TitleHeight + (References.IndexOf(reference) * LineHeight) + (LineHeight / 2);

    public static int HeightOf(int references) => TitleHeight + (references * LineHeight) + (references > 0 ? Foot : 0);
}
