using System.Globalization;
using System.Text.Json;
using Expunge.Catalog;

namespace Expunge.Server.Dashboard;

/// <summary>Writes a column's JSON value as text. Times lose their seconds, and those with a zone are given in UTC; what .NET can't hold (infinity) stays as PostgreSQL wrote it.</summary>
internal static class SubjectValue
{
    public static string Text(JsonElement value, Column column) => value.ValueKind switch
    {
        JsonValueKind.Null => "",
        JsonValueKind.String => Time(value.GetString()!, column.Type),
        _ => value.GetRawText(),
    };

    private static string Time(string text, string type) => type switch
    {
        "timestamp with time zone" when DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, out var time) => $"{time.UtcDateTime:yyyy-MM-dd HH:mm} UTC",
        "timestamp without time zone" when DateTime.TryParse(text, CultureInfo.InvariantCulture, out var time) => $"{time:yyyy-MM-dd HH:mm}",
        _ => text,
    };
}
