using System.Text;

namespace Expunge.Postgres;

/// <summary>The one place where names become SQL and SQL-like text becomes names (PostgreSQL docs 4.1.1, Identifiers and Key Words).</summary>
public static class Identifier
{
    /// <summary>The longest identifier in bytes that PostgreSQL keeps (NAMEDATALEN - 1).</summary>
    public const int MaxBytes = 63;

    /// <summary>The name in double quotes, inner quotes doubled: safe in any statement.</summary>
    /// <param name="name">A name as the catalog holds it.</param>
    /// <exception cref="ArgumentException">The name is empty or holds a NUL character, which no PostgreSQL name can.</exception>
    public static string Quote(string name)
    {
        if (name.Length == 0 || name.Contains('\0', StringComparison.Ordinal)) throw new ArgumentException("A PostgreSQL name is not empty and holds no NUL character.", nameof(name));
        return $"\"{name.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";
    }

    /// <summary>Several names, quoted and separated by commas.</summary>
    /// <param name="names">Names as the catalog holds them.</param>
    public static string QuoteAll(IEnumerable<string> names) => string.Join(", ", names.Select(Quote));

    /// <summary>A string literal for the few statements that take no parameters (COMMENT, SET). Values go through parameters.</summary>
    /// <param name="text">The text.</param>
    public static string Literal(string text) => text.Contains('\\', StringComparison.Ordinal)
        ? $" E'{text.Replace("\\", @"\\", StringComparison.Ordinal).Replace("'", "''", StringComparison.Ordinal)}'"
        : $"'{text.Replace("'", "''", StringComparison.Ordinal)}'";

    /// <summary>One part of a dotted name for people: in double quotes only where <see cref="Split"/> or a list of names would read it otherwise.</summary>
    /// <param name="name">A name as the catalog holds it.</param>
    public static string Display(string name) => name.AsSpan().ContainsAny(".,()\"") || name.Trim().Length < name.Length ? Quote(name) : name;

    /// <summary>Columns for people and for the policy file: <c>user_id</c>, <c>(a, b)</c>; each as <see cref="Display"/> writes it.</summary>
    internal static string DisplayColumns(IReadOnlyList<string> columns) => columns is [var only] ? Display(only) : $"({string.Join(", ", columns.Select(Display))})";

    /// <summary>Splits a dotted name into its parts; a part in double quotes may hold dots. Nothing is folded to lower case.</summary>
    /// <param name="text">Such as <c>public.users</c>, <c>public.users.id</c> or <c>"odd.schema".users</c>.</param>
    /// <exception cref="FormatException">A part is empty or a quote is not closed.</exception>
    public static IReadOnlyList<string> Split(string text)
    {
        var parts = new List<string>();
        var part = new StringBuilder();
        var quoted = false;
        for (var i = 0; i < text.Length; i++)
        {
            var c = text[i];
            if (c == '"' && quoted && i + 1 < text.Length && text[i + 1] == '"') { part.Append('"'); i++; }
            else if (c == '"') quoted = !quoted;
            else if (c == '.' && !quoted) { Add(); }
            else part.Append(c);
        }

        if (quoted) throw new FormatException($"'{text}': a double quote is not closed.");
        Add();
        return parts;

        void Add()
        {
            if (part.Length == 0) throw new FormatException($"'{text}': a part of the name is empty.");
            parts.Add(part.ToString());
            part.Clear();
        }
    }

    /// <summary>Cuts a name to what PostgreSQL keeps, at a character boundary, leaving room for a suffix.</summary>
    /// <param name="name">The wished name.</param>
    /// <param name="suffix">What must stand at the end.</param>
    public static string Truncate(string name, string suffix = "")
    {
        var room = MaxBytes - Encoding.UTF8.GetByteCount(suffix);
        while (Encoding.UTF8.GetByteCount(name) > room) name = name[..^(char.IsLowSurrogate(name[^1]) ? 2 : 1)];
        return name + suffix;
    }
}
