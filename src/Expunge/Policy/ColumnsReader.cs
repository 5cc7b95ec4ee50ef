using System.Collections.Immutable;
using Expunge.Postgres;

namespace Expunge.Policy;

/// <summary>Reads <c>columns:</c>.</summary>
internal static class ColumnsReader
{
    internal const string IsActive = "is_active";
    internal const string IsToBeDeleted = "is_tobe_deleted";
    internal const string DeleteDate = "delete_date";

    internal static ImmutableArray<string> Marks { get; } = [IsActive, IsToBeDeleted, DeleteDate];

    internal static ImmutableArray<string> Keys { get; } = ["show", "search", .. Marks];

    internal static SubjectColumnsPolicy? Read(YamlNode node, PolicyErrors errors)
    {
        if (errors.Mapping(node, "columns") is not { } mapping) return null;
        var columns = new SubjectColumnsPolicy();
        foreach (var (key, value) in mapping.Entries)
        {
            switch (key.Text)
            {
                case "show": columns = columns with { Show = Names(value, key.Text, errors) }; break;
                case "search": columns = columns with { Search = Names(value, key.Text, errors) }; break;
                case IsActive: columns = columns with { IsActive = Name(value, key.Text, errors) }; break;
                case IsToBeDeleted: columns = columns with { IsToBeDeleted = Name(value, key.Text, errors) }; break;
                case DeleteDate: columns = columns with { DeleteDate = Name(value, key.Text, errors) }; break;
                default: errors.AddUnknownKey(key, Keys); break;
            }
        }

        foreach (var twice in columns.Marks.GroupBy(mark => mark.Column.Name, StringComparer.Ordinal).Where(marks => marks.Count() > 1))
        {
            var marks = twice.OrderBy(mark => mark.Column.Location).ToList();
            errors.Add(marks[1].Column.Location, $"the column '{twice.Key}' can't be '{marks[1].Mark}': it is '{marks[0].Mark}' already, in line {marks[0].Column.Location.Line}");
        }

        return columns;
    }

    private static ImmutableArray<NamedColumn> Names(YamlNode node, string what, PolicyErrors errors)
    {
        var names = new List<NamedColumn>();
        foreach (var item in errors.Sequence(node, what)?.Items ?? [])
        {
            if (Name(item, what, errors) is not { } column) continue;
            if (names.Find(n => n.Name == column.Name) is { } first) errors.Add(column.Location, $"the column '{column.Name}' is already in line {first.Location.Line}");
            else names.Add(column);
        }

        return [.. names];
    }

    private static NamedColumn? Name(YamlNode node, string what, PolicyErrors errors)
    {
        if (errors.Text(node, what) is not { } text || errors.Try(node, () => Identifier.Split(text)) is not { } parts) return null;
        if (parts is [var name]) return new(name, node.Location);
        errors.Add(node.Location, $"'{text}' is not the name of a column of the root; write it without a table, and with a dot in its name in double quotes");
        return null;
    }
}
