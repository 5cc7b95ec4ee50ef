using System.Globalization;
using Expunge.Catalog;

namespace Expunge.Verification;

/// <summary>Which types can hold keys of which, and how a key is spelled.</summary>
internal static class SoftTypes
{
    private const string Integer = "integer";
    private const string Text = "text";

    /// <summary>Whether a column can hold keys of that type: as numbers of any width, as text, as the same type; or many, in an array.</summary>
    public static bool CanHold(Column column, Column key)
    {
        var family = Family(column.Type.EndsWith("[]", StringComparison.Ordinal) ? column.Type[..^2] : column.Type);
        return family == Family(key.Type) || (family == Text && Family(key.Type) is Integer or "uuid");
    }

    /// <summary>Whether it can hold them with a foreign key.</summary>
    public static bool Same(Column column, Column key) => Family(column.Type) == Family(key.Type);

    public static bool IsText(Column column) => Family(column.Type) == Text;

    public static bool IsInteger(Column column) => Family(column.Type) == Integer;

    /// <summary>Whether a text is a key as PostgreSQL writes it. Any other spelling would never be found by a deletion, which compares text with text.</summary>
    public static bool CanBeKey(string value, Column key) => key.Type switch
    {
        "smallint" => Number(value) is >= short.MinValue and <= short.MaxValue,
        "integer" => Number(value) is >= int.MinValue and <= int.MaxValue,
        "bigint" => Number(value) is not null,
        "uuid" => Guid.TryParseExact(value, "D", out var guid) && guid.ToString("D") == value,
        _ => true,
    };

    public static long? Number(string value) =>
        long.TryParse(value, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) && number.ToString(CultureInfo.InvariantCulture) == value ? number : null;

    private static string Family(string type) => type switch
    {
        "smallint" or "integer" or "bigint" => Integer,
        "text" or "character varying" or "character" or "bpchar" or "citext" => Text,
        _ => type,
    };
}
