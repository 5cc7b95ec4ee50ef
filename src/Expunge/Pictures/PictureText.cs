using System.Globalization;
using System.Text;
using Expunge.Policy;

namespace Expunge.Pictures;

/// <summary>The words of all pictures.</summary>
public static class PictureText
{
    /// <summary>Marks a reference that <see cref="PictureReference.Blocks"/>.</summary>
    public const string Blocks = "blocks";

    /// <summary>Marks a reference that <see cref="PictureReference.IsUndecided"/>.</summary>
    public const string Undecided = "undecided";

    /// <summary>Marks a reference whose rows no index finds.</summary>
    public const string NoIndex = "no index";

    /// <summary>Marks a reference that <see cref="PictureReference.IsSoft"/>.</summary>
    public const string Soft = "soft";

    /// <summary>Marks a table that <see cref="PictureTable.IsShared"/>.</summary>
    public const string Shared = "shared";

    /// <summary>Marks a table that loses no rows.</summary>
    public const string Stays = "stays";

    /// <summary>What each mark means, in the order in which marks stand.</summary>
    public static IReadOnlyList<(string Mark, string Meaning)> Meanings { get; } =
    [
        (Blocks, "rows that refer refuse a deletion today"),
        (Undecided, "a row can belong to two users, and the policy does not say what happens to it"),
        (NoIndex, "no index finds its rows: each deleted row reads the whole table"),
        (Soft, "a column that holds keys without a foreign key"),
        (Shared, "a row of the table can belong to two users"),
        (Stays, "the table loses no rows"),
    ];

    /// <summary>The marks of a reference.</summary>
    /// <param name="reference">The reference.</param>
    public static IEnumerable<string> Marks(PictureReference reference)
    {
        if (reference.Blocks) yield return Blocks;
        if (reference.IsUndecided) yield return Undecided;
        if (!reference.HasIndex) yield return NoIndex;
        if (reference.IsSoft) yield return Soft;
    }

    /// <summary>The marks of a table.</summary>
    /// <param name="table">The table.</param>
    public static IEnumerable<string> Marks(PictureTable table)
    {
        if (table.IsShared) yield return Shared;
        if (!table.LosesRows) yield return Stays;
    }

    /// <summary>As people write them: <c>user_id</c>, <c>(a, b)</c>.</summary>
    /// <param name="reference">Whose columns.</param>
    public static string Columns(PictureReference reference) => OneLine(reference.Columns.Length == 1 ? reference.Columns[0] : $"({string.Join(", ", reference.Columns)})");

    /// <summary>What a table's name is for people; never more than one line.</summary>
    /// <param name="table">The table.</param>
    public static string Label(PictureTable table) => OneLine(table.Label);

    /// <summary>The delete rule now and as it is wanted: <c>NO ACTION → CASCADE</c>, and the action where the rule does not tell it.</summary>
    /// <param name="reference">The reference.</param>
    public static string Rule(PictureReference reference)
    {
        var now = reference.IsSoft ? "no foreign key" : string.Join(" + ", reference.Constraints.Select(c => c.Rule).Distinct());
        var rule = reference.Wanted is null || reference.Wanted == now ? now : $"{now} → {reference.Wanted}";
        return OneLine(reference.Action switch
        {
            PolicyAction.Retain or PolicyAction.Keep => $"{rule}, {reference.Action.Word()}",
            PolicyAction.Reassign => $"{rule}, {reference.Action.Word()} to {reference.ReassignTo}",
            _ => rule,
        });
    }

    /// <summary>What an action does to a row, in a few words.</summary>
    /// <param name="action">The action.</param>
    public static string Words(PolicyAction action) => action switch
    {
        PolicyAction.Cascade => "cascade: the row is deleted too",
        PolicyAction.SetNull => "set null: the row stays",
        PolicyAction.SetDefault => "set default: the row stays",
        PolicyAction.Retain => "retain: the row stays and blocks",
        PolicyAction.Reassign => "reassign: the row moves to another",
        PolicyAction.Keep => "keep: the constraint stays as it is",
        _ => throw new ArgumentOutOfRangeException(nameof(action), action, "not an action"),
    };

    /// <summary>All that is known of a reference, in one line.</summary>
    /// <param name="reference">The reference.</param>
    /// <param name="table">The referencing table.</param>
    /// <param name="referenced">The referenced table.</param>
    public static string Description(PictureReference reference, PictureTable table, PictureTable referenced) => string.Concat(
    [
        $"{Label(table)}.{Columns(reference)} → {Label(referenced)}",
        reference.Through is null ? "" : OneLine($" through {reference.Through}"),
        reference.IsSoft ? "" : OneLine($" ({string.Join(", ", reference.Constraints.Select(c => c.Name))})"),
        $": {string.Join(", ", Marks(reference).Prepend(Rule(reference)))}",
        reference.Reason is null ? "" : OneLine($" ({reference.Reason})"),
    ]);

    /// <summary>The counts, in one sentence.</summary>
    /// <param name="picture">What is counted.</param>
    public static string Summary(Picture picture)
    {
        var soft = picture.References.Count(r => r.IsSoft);
        var keys = picture.References.Length - soft;
        var blocking = picture.References.Count(r => r.Blocks);
        return $"{Count(picture.Tables.Length, "table", "tables")}, {Count(keys, "reference", "references")}{(soft == 0 ? "" : $", {Count(soft, "soft reference", "soft references")}")}; "
            + (blocking == 0 ? "nothing blocks a deletion today." : $"{Count(blocking, "reference blocks", "references block")} a deletion today.");

        static string Count(int number, string one, string more) => $"{number} {(number == 1 ? one : more)}";
    }

    /// <summary>The text without what would break a line, turn its direction, drive a terminal, or be no character of XML: such characters are written as <c>\n</c>, <c>\u001B</c>.</summary>
    /// <param name="text">The text.</param>
    public static string OneLine(string text)
    {
        var line = new StringBuilder(text.Length);
        foreach (var c in text)
        {
            if (c == '\n') line.Append("\\n");
            else if (IsInvisible(c)) line.Append($"\\u{(int)c:X4}");
            else line.Append(c);
        }

        return line.ToString();
    }

    // The directional marks and U+FFFE, U+FFFF; surrogates always come in pairs from a database.
    private static bool IsInvisible(char c) =>
        char.GetUnicodeCategory(c) is UnicodeCategory.Control or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator || c is '\u200E' or '\u200F' or (>= '\u202A' and <= '\u202E') or (>= '\u2066' and <= '\u2069') or >= '\uFFFE';
}
