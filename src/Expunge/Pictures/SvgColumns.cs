using System.Collections.Immutable;

namespace Expunge.Pictures;

/// <summary>Puts the tables into columns by depth, many of one depth into several, in an order in which few references cross (barycentres), and says where each box is.</summary>
internal static class SvgColumns
{
    public const int Gap = 14;

    // A little wider than the usual screen: the text of a picture that is scaled to a page's width stays larger.
    private const double Aspect = 1.4;
    private const int TypicalWidth = 250;
    private const int Sweeps = 8;
    private const int NarrowestChannel = 48;
    private const int WidestChannel = 140;

    public static ImmutableArray<SvgBox> Place(Picture picture)
    {
        var cells = picture.Tables.Select(t => new Cell(t, [.. picture.References.Where(r => r.Table == t.Name)])).ToDictionary(c => c.Table.Name);
        foreach (var reference in picture.References.Where(r => r.Table != r.ReferencedTable))
        {
            cells[reference.Table].Parents.Add(cells[reference.ReferencedTable]);
            cells[reference.ReferencedTable].Children.Add(cells[reference.Table]);
        }

        var columns = Pack([.. cells.Values]);
        for (var column = 0; column < columns.Count; column++) columns[column].ForEach(c => c.Column = column);
        Order(columns);
        return [.. Boxes(columns, picture)];
    }

    private static List<List<Cell>> Pack(List<Cell> cells)
    {
        // Those that only hang from a table before come first, those with tables behind them last, next to these.
        var layers = cells.GroupBy(c => c.Table.Depth).OrderBy(g => g.Key)
            .Select(g => g.OrderBy(c => c.Children.Count > 0 ? 1 : c.Parents.Exists(p => p.Table.Depth == c.Table.Depth) ? 2 : 0).ToList()).ToList();
        return Enumerable.Range(1, 40).Select(step => Pack(layers, step * 150)).MinBy(columns => Math.Abs(Math.Log((double)columns.Count * TypicalWidth / columns.Max(Height) / Aspect)))!;
    }

    private static List<List<Cell>> Pack(List<List<Cell>> layers, int highest)
    {
        var columns = new List<List<Cell>>();
        foreach (var layer in layers)
        {
            var target = (double)Height(layer) / Math.Ceiling((double)Height(layer) / highest);
            var filled = 0;
            for (var i = 0; i < layer.Count; i++)
            {
                if (i == 0 || filled + (layer[i].Height / 2) > target)
                {
                    columns.Add([]);
                    filled = 0;
                }

                columns[^1].Add(layer[i]);
                filled += layer[i].Height + Gap;
            }
        }

        return columns;
    }

    private static void Order(List<List<Cell>> columns)
    {
        foreach (var column in columns) Settle(column);
        for (var sweep = 0; sweep < Sweeps; sweep++)
        {
            foreach (var column in sweep % 2 == 0 ? columns : columns.AsEnumerable().Reverse())
            {
                foreach (var cell in column) cell.Wish = cell.Parents.Concat(cell.Children).Where(n => n.Column != cell.Column).Select(n => n.Middle).DefaultIfEmpty(cell.Middle).Average();
                column.Sort((a, b) => a.Wish.CompareTo(b.Wish) is var order && order != 0 ? order : string.CompareOrdinal(a.Table.Name, b.Table.Name));
                Settle(column);
            }
        }
    }

    /// <summary>Puts the boxes of a column as near to where they wish to be as their order and heights allow: those that would overlap form a block around their mean wish.</summary>
    private static void Settle(List<Cell> column)
    {
        var blocks = new Stack<(double Offset, int Count, int Height)>();
        foreach (var cell in column)
        {
            var block = (Offset: cell.Wish - (cell.Height / 2.0), Count: 1, Height: cell.Height + Gap);
            while (blocks.TryPeek(out var above) && above.Offset + above.Height > block.Offset)
            {
                blocks.Pop();
                block = (((above.Offset * above.Count) + ((block.Offset - above.Height) * block.Count)) / (above.Count + block.Count), above.Count + block.Count, above.Height + block.Height);
            }

            blocks.Push(block);
        }

        var at = 0;
        foreach (var (offset, count, _) in blocks.Reverse())
        {
            var y = (int)Math.Round(offset);
            for (var i = 0; i < count; i++, at++)
            {
                // Rounding must not take from the gap.
                if (at > 0) y = Math.Max(y, column[at - 1].Y + column[at - 1].Height + Gap);
                column[at].Y = y;
                y += column[at].Height + Gap;
            }
        }
    }

    private static IEnumerable<SvgBox> Boxes(List<List<Cell>> columns, Picture picture)
    {
        var at = columns.SelectMany(c => c).ToDictionary(c => c.Table.Name, c => c.Column);
        var x = 0;
        for (var column = 0; column < columns.Count; column++)
        {
            var width = columns[column].Max(c => SvgText.BoxWidth(c.Table, c.References));
            foreach (var cell in columns[column]) yield return new SvgBox(cell.Table, cell.References, column, x, cell.Y, width);
            var through = picture.References.Count(r => Math.Min(at[r.Table], at[r.ReferencedTable]) <= column && Math.Max(at[r.Table], at[r.ReferencedTable]) > column);
            x += width + Math.Clamp(NarrowestChannel + through, NarrowestChannel, WidestChannel);
        }
    }

    private static int Height(IEnumerable<Cell> cells) => cells.Sum(c => c.Height + Gap);

    private sealed class Cell(PictureTable table, ImmutableArray<PictureReference> references)
    {
        public PictureTable Table { get; } = table;

        public ImmutableArray<PictureReference> References { get; } = references;

        public List<Cell> Parents { get; } = [];

        public List<Cell> Children { get; } = [];

        public int Height { get; } = SvgBox.HeightOf(references.Length);

        public int Column { get; set; }

        public double Wish { get; set; }

        public int Y { get; set; }

        public double Middle => Y + (Height / 2.0);
    }
}
