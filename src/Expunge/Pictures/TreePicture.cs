using System.Text;

namespace Expunge.Pictures;

/// <summary>A picture as a tree of lines: each table below the one that it is reached from on the shortest way.</summary>
public static class TreePicture
{
    private const string Elsewhere = " ↩";

    // A line with a longer name is not aligned.
    private const int WidestAligned = 72;

    /// <summary>Draws it. A table that another reference leads to again is named with <c>↩</c> and not opened a second time, so cycles end.</summary>
    /// <param name="picture">The picture.</param>
    /// <returns>Lines that end in <c>\n</c>; the last ones say what the marks mean.</returns>
    public static string Draw(Picture picture)
    {
        var tables = picture.Tables.ToDictionary(t => t.Name);
        var incoming = picture.References.ToLookup(r => r.ReferencedTable);
        var opened = picture.References.Where(r => tables[r.Table].Depth == tables[r.ReferencedTable].Depth + 1).GroupBy(r => r.Table).Select(g => g.OrderBy(r => !r.Deletes).ThenBy(r => r.IsSoft).First()).ToHashSet();
        var lines = new List<(string Left, string Rule, string Marks)> { (PictureText.Label(picture.Tables[0]), "", Marks(PictureText.Marks(picture.Tables[0]))) };
        Add(picture.Root, "");

        var left = lines.Select(l => l.Left.Length).Where(w => w <= WidestAligned).DefaultIfEmpty().Max();
        var middle = lines.Max(l => l.Rule.Length);
        var text = new StringBuilder();
        foreach (var line in lines) text.Append($"{line.Left.PadRight(left)}  {line.Rule.PadRight(middle)}  {line.Marks}".TrimEnd()).Append('\n');
        text.Append('\n').Append(PictureText.Summary(picture)).Append('\n');
        foreach (var (mark, meaning, count) in Legend(picture).Where(l => l.Count > 0)) text.Append($"  {mark}: {meaning} ({count})\n");
        return text.ToString();

        void Add(string parent, string indent)
        {
            var references = incoming[parent].ToList();
            foreach (var reference in references)
            {
                var last = reference == references[^1];
                var opens = opened.Contains(reference);
                var table = tables[reference.Table];
                lines.Add((
                    $"{indent}{(last ? "└─" : "├─")} {PictureText.Label(table)}.{PictureText.Columns(reference)}{(opens ? "" : Elsewhere)}", PictureText.Rule(reference),
                    Marks(PictureText.Marks(reference).Concat(opens ? PictureText.Marks(table) : []))));
                if (opens) Add(reference.Table, indent + (last ? "   " : "│  "));
            }
        }
    }

    private static string Marks(IEnumerable<string> marks) => string.Join(", ", marks.Select(m => m == PictureText.Blocks ? $"❌ {m}" : m));

    private static IEnumerable<(string Mark, string Meaning, int Count)> Legend(Picture picture)
    {
        var counts = picture.References.SelectMany(PictureText.Marks).Concat(picture.Tables.SelectMany(PictureText.Marks)).CountBy(m => m).ToDictionary();
        return PictureText.Meanings.Select(m => (m.Mark, m.Meaning, counts.GetValueOrDefault(m.Mark)))
            .Append((Elsewhere.Trim(), "reached by this reference too; it stands where the way to it is shortest", 1 + picture.References.Length - picture.Tables.Length));
    }
}
