using Expunge.Catalog;

namespace Expunge.Policy;

/// <summary>Holds <c>columns:</c> against the root.</summary>
internal static class ColumnsResolver
{
    /// <summary>What lists call the key, whatever its column is called.</summary>
    internal const string Id = "id";

    internal static IEnumerable<PolicyError> Errors(SubjectColumnsPolicy columns, Table root, string schema)
    {
        var table = root.Name.Display(schema);
        foreach (var shown in columns.Show)
        {
            if ((Missing(shown) ?? WhyNotShown(shown.Name, columns, root)) is { } why) yield return new(shown.Location, why);
        }

        foreach (var searched in columns.Search ?? [])
        {
            if ((Missing(searched) ?? (IsText(root.Column(searched.Name)!) ? null : $"'{table}.{searched.Name}' can't be searched: it is {root.Column(searched.Name)!.Type}, not text")) is { } why) yield return new(searched.Location, why);
        }

        foreach (var (mark, column) in columns.Marks)
        {
            if ((Missing(column) ?? WhyNoMark(mark, root.Column(column.Name)!, root)) is { } why) yield return new(column.Location, why);
        }

        string? Missing(NamedColumn column) => root.Column(column.Name) is null ? $"table '{table}' has no column '{column.Name}'{NearestName.Hint(column.Name, root.Columns.Select(c => c.Name))}" : null;
    }

    // A list holds the key and the marks under these names.
    private static string? WhyNotShown(string column, SubjectColumnsPolicy columns, Table root)
    {
        if (column == Id && root.PrimaryKey is not [Id]) return $"'{Id}' can't be shown: lists call the key so, and that is {string.Join(", ", root.PrimaryKey)}";
        return ColumnsReader.Marks.Contains(column) && !columns.Marks.Any(m => m.Mark == column && m.Column.Name == column)
            ? $"'{column}' can't be shown: lists call a mark so; write '{column}: {column}' if it is that"
            : null;
    }

    /// <summary>Why a column can't play a mark's part; null when it can.</summary>
    internal static string? WhyNoMark(string mark, Column column, Table root)
    {
        var wanted = mark == ColumnsReader.DeleteDate ? "date, timestamp or timestamptz" : "boolean";
        var fits = mark == ColumnsReader.DeleteDate ? column.Type is "date" or "timestamp without time zone" or "timestamp with time zone" : column.Type == "boolean";
        return !fits ? $"'{column.Name}' can't be '{mark}': it is {column.Type}, not {wanted}"
            : column.IsGenerated ? $"'{column.Name}' can't be '{mark}': it is generated"
            : root.PrimaryKey.Contains(column.Name) ? $"'{column.Name}' can't be '{mark}': it is the key"
            : mark == ColumnsReader.DeleteDate && column.NotNull ? $"'{column.Name}' can't be '{mark}': it is NOT NULL, and unmarking sets it to NULL"
            : null;
    }

    internal static bool IsText(Column column) =>
        column.Type is "text" or "character varying" or "character" or "bpchar" or "name" or "citext" || column.Type.EndsWith(".citext", StringComparison.Ordinal);
}
