using System.Collections.Immutable;

namespace Expunge.Policy;

/// <summary>A part of a YAML document with the place where it begins.</summary>
internal abstract record YamlNode(SourceLocation Location);

/// <summary>A single value. <paramref name="Plain"/>: written without quotes.</summary>
internal sealed record YamlScalar(string Text, bool Plain, SourceLocation Location) : YamlNode(Location)
{
    /// <summary>Whether YAML means "no value".</summary>
    internal bool IsNull => Plain && Text is "" or "~" or "null" or "Null" or "NULL";
}

/// <summary>A list.</summary>
internal sealed record YamlSequence(ImmutableArray<YamlNode> Items, SourceLocation Location) : YamlNode(Location);

/// <summary>Keys with values, in the order of the file, no key twice.</summary>
internal sealed record YamlMapping(ImmutableArray<(YamlScalar Key, YamlNode Value)> Entries, SourceLocation Location) : YamlNode(Location);

/// <summary>Something that was already reported as an error; readers pass over it in silence.</summary>
internal sealed record YamlInvalid(SourceLocation Location) : YamlNode(Location);
