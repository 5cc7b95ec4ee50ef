using System.Collections.Immutable;
using Expunge.Postgres;

namespace Expunge.Policy;

/// <summary>Reads <c>tables:</c>.</summary>
internal static class TableGroupReader
{
    internal static ImmutableArray<string> Keys { get; } = ["optional", "tables"];

    internal static ImmutableArray<TableGroup> Read(YamlNode node, string schema, PolicyErrors errors)
    {
        var groups = ImmutableArray.CreateBuilder<TableGroup>();
        var lines = new Dictionary<QualifiedName, int>();
        foreach (var (title, value) in errors.Mapping(node, "tables")?.Entries ?? [])
        {
            if (errors.Text(title, "title of a group of tables") is not { } text) continue;
            var (optional, list) = value is YamlMapping mapping ? FromMapping(text, mapping, errors) : (false, errors.Sequence(value, text));
            if (list is { Items.Length: 0 }) errors.Add(list.Location, $"'{text}' has no tables; name one or remove the group");
            groups.Add(new(text, optional, Tables(list, text, schema, lines, errors), title.Location));
        }

        return groups.ToImmutable();
    }

    private static (bool Optional, YamlSequence? List) FromMapping(string title, YamlMapping mapping, PolicyErrors errors)
    {
        var (optional, list) = (false, (YamlSequence?)null);
        foreach (var (key, value) in mapping.Entries)
        {
            switch (key.Text)
            {
                case "optional": optional = errors.Flag(value, "optional") ?? false; break;
                case "tables": list = errors.Sequence(value, "tables"); break;
                default: errors.AddUnknownKey(key, Keys); break;
            }
        }

        if (!mapping.Entries.Any(entry => entry.Key.Text == "tables")) errors.Add(mapping.Location, $"'{title}' has no 'tables'");
        return (optional, list);
    }

    private static ImmutableArray<QualifiedName> Tables(YamlSequence? list, string title, string schema, Dictionary<QualifiedName, int> lines, PolicyErrors errors)
    {
        var tables = ImmutableArray.CreateBuilder<QualifiedName>();
        foreach (var item in list?.Items ?? [])
        {
            if (errors.Table(item, title, schema) is not { } table) continue;
            if (lines.TryAdd(table, item.Location.Line)) tables.Add(table);
            else errors.Add(item.Location, $"the table '{table.Display(schema)}' is already in line {lines[table]}");
        }

        return tables.ToImmutable();
    }
}
