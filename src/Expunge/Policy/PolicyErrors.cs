using Expunge.Postgres;

namespace Expunge.Policy;

/// <summary>Collects everything that is wrong, and reads the small values that the parts of a policy are made of. Each method that returns null has added an error.</summary>
internal sealed class PolicyErrors
{
    private readonly List<PolicyError> errors = [];

    internal IReadOnlyList<PolicyError> All => errors;

    internal void Add(PolicyError error) => errors.Add(error);

    internal void Add(SourceLocation location, string message) => errors.Add(new(location, message));

    internal void AddUnknownKey(YamlScalar key, IEnumerable<string> known) => Add(key.Location, $"unknown key '{key.Text}'{Hint(key.Text, known)}");

    /// <summary>The nearest of a few words, or all of them when none is near.</summary>
    internal static string Hint(string wrong, IEnumerable<string> known) =>
        NearestName.Hint(wrong, known) is { Length: > 0 } hint ? hint : $"; it is one of {string.Join(", ", known)}";

    internal string? Text(YamlNode node, string what)
    {
        if (node is YamlScalar { IsNull: false } scalar && !string.IsNullOrWhiteSpace(scalar.Text)) return scalar.Text;
        return Reject<string>(node, what, "a single value");
    }

    internal bool? Flag(YamlNode node, string what)
    {
        if (Text(node, what) is not { } text) return null;
        if (text is "true" or "false") return text == "true";
        Add(node.Location, $"'{what}' is 'true' or 'false', not '{text}'");
        return null;
    }

    internal YamlMapping? Mapping(YamlNode node, string what) => node as YamlMapping ?? Reject<YamlMapping>(node, what, "a mapping ('name: value')");

    internal YamlSequence? Sequence(YamlNode node, string what) => node as YamlSequence ?? Reject<YamlSequence>(node, what, "a list");

    internal QualifiedName? Table(YamlNode node, string what, string defaultSchema) => Text(node, what) is { } text ? Try(node, () => QualifiedName.Parse(text, defaultSchema)) : null;

    /// <summary>The result of reading a name that is in a node, or null with the name's error.</summary>
    internal T? Try<T>(YamlNode node, Func<T> read)
        where T : class
    {
        try
        {
            return read();
        }
        catch (FormatException e)
        {
            Add(node.Location, e.Message.TrimEnd('.'));
            return null;
        }
    }

    private T? Reject<T>(YamlNode node, string what, string wanted)
        where T : class
    {
        switch (node)
        {
            case YamlScalar { IsNull: true } or YamlScalar { Text.Length: 0 }: Add(node.Location, $"'{what}' is empty; write {wanted} or remove it"); break;
            case YamlScalar scalar: Add(node.Location, string.IsNullOrWhiteSpace(scalar.Text) ? $"'{what}' is blank" : $"'{what}' must be {wanted}, not '{scalar.Text}'"); break;
            case YamlSequence: Add(node.Location, $"'{what}' must be {wanted}, not a list"); break;
            case YamlMapping: Add(node.Location, $"'{what}' must be {wanted}, not a mapping"); break;
        }

        return null;
    }
}
