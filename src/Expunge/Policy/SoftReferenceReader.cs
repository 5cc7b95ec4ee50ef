using System.Collections.Immutable;

namespace Expunge.Policy;

/// <summary>Reads <c>soft_references:</c>.</summary>
internal static class SoftReferenceReader
{
    internal static ImmutableArray<string> Keys { get; } = ["action", "enforce"];

    internal const string Delete = "delete";

    internal static ImmutableArray<SoftReferencePolicy> Read(YamlNode node, string schema, PolicyErrors errors)
    {
        var found = new Dictionary<ReferenceKey, SoftReferencePolicy>();
        foreach (var (name, value) in errors.Mapping(node, "soft_references")?.Entries ?? [])
        {
            var enforce = Enforce(name, value, errors);
            if (errors.Try(name, () => ReferenceKey.Parse(name.Text, schema)) is not { } key) continue;
            if (key.Columns is not [var column]) errors.Add(name.Location, $"the soft reference '{name.Text}' has several columns; it can have only one");
            else if (!found.TryAdd(key, new(key.Table, column, enforce, name.Location)))
                errors.Add(name.Location, $"the soft reference '{key.Display(schema)}' is already in line {found[key].Location.Line}");
        }

        return [.. found.Values.OrderBy(soft => soft.Location)];
    }

    private static bool Enforce(YamlScalar name, YamlNode value, PolicyErrors errors)
    {
        if (value is not YamlMapping mapping)
        {
            Action(value, name.Text, errors);
            return false;
        }

        var enforce = false;
        foreach (var (key, part) in mapping.Entries)
        {
            switch (key.Text)
            {
                case "action": Action(part, "action", errors); break;
                case "enforce": enforce = errors.Flag(part, "enforce") ?? false; break;
                default: errors.AddUnknownKey(key, Keys); break;
            }
        }

        if (!mapping.Entries.Any(entry => entry.Key.Text == "action")) errors.Add(mapping.Location, $"'{name.Text}' has no 'action'");
        return enforce;
    }

    private static void Action(YamlNode node, string what, PolicyErrors errors)
    {
        if (errors.Text(node, what) is { } text && text != Delete) errors.Add(node.Location, $"unknown action '{text}'; a soft reference has only '{Delete}'");
    }
}
