using System.Collections.Immutable;

namespace Expunge.Policy;

/// <summary>Reads <c>references:</c>.</summary>
internal static class ReferenceReader
{
    internal static ImmutableArray<string> Keys { get; } = ["action", "reason", "key", "reassign"];

    private const string Reassign = "reassign";

    internal static ImmutableArray<ReferencePolicy> Read(YamlNode node, string schema, PolicyErrors errors)
    {
        var references = new Dictionary<ReferenceKey, ReferencePolicy>();
        foreach (var (name, value) in errors.Mapping(node, "references")?.Entries ?? [])
        {
            var key = errors.Try(name, () => ReferenceKey.Parse(name.Text, schema));
            var reference = Entry(key ?? new(new(schema, "?"), ["?"]), name, value, errors);
            if (key is null || reference is null || references.TryAdd(key, reference)) continue;
            errors.Add(name.Location, $"the reference '{key.Display(schema)}' is already in line {references[key].Location.Line}");
        }

        return [.. references.Values.OrderBy(reference => reference.Location)];
    }

    private static ReferencePolicy? Entry(ReferenceKey key, YamlScalar name, YamlNode value, PolicyErrors errors)
    {
        if (value is YamlMapping mapping) return FromMapping(key, name, mapping, errors);
        if (errors.Text(value, name.Text) is not { } text) return null;

        // 'reassign: 0' in quotes is one scalar; without quotes YAML doesn't allow it behind another key.
        if (text.StartsWith("reassign:", StringComparison.Ordinal) && text["reassign:".Length..].Trim() is { Length: > 0 } to) return new(key, PolicyAction.Reassign, Reason: null, to, name.Location);
        return Action(text, value, errors) is { } action ? Complete(new(key, action, Reason: null, ReassignTo: null, name.Location), value, errors) : null;
    }

    private static ReferencePolicy? FromMapping(ReferenceKey key, YamlScalar name, YamlMapping mapping, PolicyErrors errors)
    {
        var known = errors.All.Count;
        var reference = new ReferencePolicy(key, PolicyAction.Keep, Reason: null, ReassignTo: null, name.Location);
        var keys = mapping.Entries.Select(entry => entry.Key.Text).ToHashSet(StringComparer.Ordinal);
        foreach (var (part, value) in mapping.Entries)
        {
            switch (part.Text)
            {
                case "action" when errors.Text(value, "action") is { } text: reference = reference with { Action = Action(text, value, errors) ?? reference.Action }; break;
                case "reason": reference = reference with { Reason = errors.Text(value, "reason") }; break;
                case "key": reference = reference with { ReassignTo = errors.Text(value, "key") }; break;
                case Reassign: reference = reference with { Action = PolicyAction.Reassign, ReassignTo = errors.Text(value, Reassign) }; break;
                case "action": break;
                default: errors.AddUnknownKey(part, Keys); break;
            }
        }

        if (keys.Contains(Reassign) && (keys.Contains("action") || keys.Contains("key"))) errors.Add(mapping.Location, "'reassign' takes the place of 'action' and 'key'; write one or the other");
        else if (!keys.Contains(Reassign) && !keys.Contains("action")) errors.Add(mapping.Location, $"'{name.Text}' has no 'action'");
        return errors.All.Count > known ? null : Complete(reference, mapping, errors);
    }

    private static PolicyAction? Action(string text, YamlNode node, PolicyErrors errors)
    {
        if (PolicyActionWords.Parse(text) is { } action) return action;
        errors.Add(node.Location, $"unknown action '{text}'{PolicyErrors.Hint(text, PolicyActionWords.All)}");
        return null;
    }

    private static ReferencePolicy? Complete(ReferencePolicy reference, YamlNode node, PolicyErrors errors)
    {
        var lack = reference switch
        {
            { Action: PolicyAction.Retain, Reason: null } => "'retain' needs the reason that callers are shown; write { action: retain, reason: \"…\" }",
            { Action: PolicyAction.Reassign, ReassignTo: null } => "'reassign' needs the key of the subject that takes the rows; write { action: reassign, key: \"…\" }",
            { Action: not PolicyAction.Reassign, ReassignTo: not null } => $"'key' goes with 'reassign', not with '{reference.Action.Word()}'",
            _ => null,
        };
        if (lack is null) return reference;
        errors.Add(node.Location, lack);
        return null;
    }
}
