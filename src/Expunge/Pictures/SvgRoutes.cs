using System.Collections.Immutable;

namespace Expunge.Pictures;

/// <summary>Leads a line along each reference: curves between the columns, straight through the gaps between the boxes of the columns that it crosses, so that no line runs behind a box.</summary>
internal static class SvgRoutes
{
    private const int LaneHeight = 3;
    // A box of a shared table casts a shadow below it.
    private const int BelowBox = 5;
    private const int LanesInGap = 3;
    // How far the curve of a reference within a column goes out; less than the narrowest channel, and more for a longer one, so that they are told apart.
    private const int Bulge = 16;
    private const int WidestBulge = 52;

    public static ImmutableArray<SvgRoute> Lead(Picture picture, ImmutableArray<SvgBox> boxes)
    {
        var byName = boxes.ToDictionary(b => b.Table.Name);
        var columns = boxes.GroupBy(b => b.Column).OrderBy(g => g.Key).Select(g => new Column(g.First().X, g.First().Right, Lanes([.. g.OrderBy(b => b.Y)], picture.References.Length))).ToList();
        // From above to below, so that neighbours stay neighbours.
        return [.. picture.References.OrderBy(r => byName[r.Table].LineY(r)).Select(r => Lead(r, byName[r.ReferencedTable], byName[r.Table], columns))];
    }

    private static SvgRoute Lead(PictureReference reference, SvgBox from, SvgBox to, List<Column> columns)
    {
        var (start, end) = (from.TitleY, to.LineY(reference));
        if (from.Column == to.Column)
        {
            var outside = to.X - Math.Min(Bulge + (Math.Abs(end - start) / 12), WidestBulge);
            return new SvgRoute(reference, to.X, end, [], $"M{from.X} {start}C{outside} {start} {outside} {end} {to.X} {end}");
        }

        // The way is sought from its end, and drawn from its start.
        var forward = from.Column < to.Column;
        var (step, y, x) = (forward ? -1 : 1, end, forward ? to.X : to.Right);
        var path = "";
        var crossed = ImmutableArray.CreateBuilder<int>();
        for (var column = to.Column + step; column != from.Column; column += step)
        {
            var (left, right) = (columns[column].Left, columns[column].Right);
            var lane = columns[column].Lanes.MinBy(l => Math.Abs(l - y));
            columns[column].Lanes.Remove(lane);
            crossed.Add(lane);
            path = $"H{(forward ? right : left)}{Curve(forward ? right : left, lane, x, y)}{path}";
            (x, y) = (forward ? left : right, lane);
        }

        var startX = forward ? from.Right : from.X;
        return new SvgRoute(reference, forward ? to.X : to.Right, end, crossed.ToImmutable(), $"M{startX} {start}{Curve(startX, start, x, y)}{path}");
    }

    private static string Curve(int x1, int y1, int x2, int y2) => y1 == y2 ? $"H{x2}" : $"C{(x1 + x2) / 2} {y1} {(x1 + x2) / 2} {y2} {x2} {y2}";

    /// <summary>Where lines can cross a column: in the gaps, and above and below it, where there is room for all.</summary>
    private static HashSet<int> Lanes(List<SvgBox> column, int lines)
    {
        var gaps = column.Zip(column.Skip(1), (above, below) => (Top: above.Bottom, Bottom: below.Y));
        return
        [
            .. gaps.SelectMany(g => Enumerable.Range(0, ((g.Bottom - g.Top - SvgColumns.Gap) / LaneHeight) + LanesInGap).Select(n => g.Top + BelowBox + (n * LaneHeight))),
            .. Enumerable.Range(1, lines).SelectMany(n => (int[])[column[0].Y - SvgColumns.Gap - (n * LaneHeight), column[^1].Bottom + SvgColumns.Gap + (n * LaneHeight)]),
        ];
    }

    private sealed record Column(int Left, int Right, HashSet<int> Lanes);
}
