using Expunge.Catalog;

namespace Expunge.Rehearsing;

/// <summary>A column as pg_dump writes it in CREATE TABLE: its type, its default, whether it is NOT NULL. Constraints of other kinds stand elsewhere in its files.</summary>
internal static class DumpedColumn
{
    // In quotes where they are names.
    private static readonly string[] Reserved = ["check", "constraint", "exclude", "foreign", "like", "primary", "references", "unique"];
    private static readonly string[] SeveralWords = ["bit", "character", "double", "interval", "time", "timestamp"];
    private static readonly string[] MoreWords = ["precision", "varying", "with", "without", "time", "zone"];
    private static readonly string[] Fields = ["year", "month", "day", "hour", "minute", "second", "to"];

    /// <exception cref="FormatException">It is not written so.</exception>
    public static Column Read(SqlTokens tokens)
    {
        if (Array.Exists(Reserved, w => tokens.Is(w))) throw new FormatException("Not a column.");
        var column = new Column(tokens.Name(), Type(tokens), NotNull: false, HasDefault: false, IsGenerated: false);
        while (!tokens.Is(",") && !tokens.Is(")"))
        {
            if (tokens.Passes("default")) column = column with { HasDefault = SkipExpression(tokens) };
            else if (tokens.Passes("generated", "always", "as"))
            {
                tokens.SkipGroup();
                _ = tokens.Passes("stored") || tokens.Passes("virtual");
                column = column with { HasDefault = true, IsGenerated = true };
            }
            else column = column with { NotNull = ReadModifier(tokens) || column.NotNull };
        }

        return column;
    }

    /// <summary>COLLATE, or NOT NULL with or without a name.</summary>
    /// <returns>Whether it is NOT NULL.</returns>
    public static bool ReadModifier(SqlTokens tokens)
    {
        if (tokens.Passes("collate"))
        {
            tokens.Name();
            if (tokens.Passes(".")) tokens.Name();
            return false;
        }

        if (tokens.Passes("constraint")) tokens.Name();
        tokens.Expect("not", "null");
        tokens.Passes("no", "inherit");
        return true;
    }

    /// <summary>Goes past a default; what would end it stands in parentheses there.</summary>
    public static bool SkipExpression(SqlTokens tokens)
    {
        do tokens.Skip();
        while (!tokens.AtEnd && !tokens.Is(",") && !tokens.Is(")") && !tokens.Is("not") && !tokens.Is("collate") && !Array.Exists(Reserved, w => tokens.Is(w)));
        return true;
    }

    /// <summary>A type, as <c>format_type</c> writes it without modifiers.</summary>
    public static string Type(SqlTokens tokens)
    {
        var several = Array.Exists(SeveralWords, w => tokens.Is(w));
        var type = tokens.Raw();
        if (tokens.Passes(".")) type += $".{tokens.Raw()}";
        while (true)
        {
            if (several && Array.Find(MoreWords, w => tokens.Passes(w)) is { } word) type += $" {word}";
            else if (tokens.Is("(") || (several && Array.Exists(Fields, w => tokens.Is(w)))) tokens.Skip();
            else break;
        }

        type = type switch { "character" => "bpchar", "bit" => "\"bit\"", _ => type };
        if (tokens.Is("[")) type += "[]";
        while (tokens.Passes("[", "]")) { }
        return type;
    }
}
