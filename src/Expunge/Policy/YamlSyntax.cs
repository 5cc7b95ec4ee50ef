using System.Text.RegularExpressions;
using YamlDotNet.Core;

namespace Expunge.Policy;

/// <summary>Says what is wrong with text that is not YAML. The parser's own words and places mislead for the two mistakes that people make most.</summary>
internal static partial class YamlSyntax
{
    internal static PolicyError Explain(string text, YamlException error)
    {
        var lines = text.ReplaceLineEndings("\n").Split('\n');
        var place = new SourceLocation((int)Math.Max(1, error.Start.Line), (int)Math.Max(1, error.Start.Column));

        // Of a tab the parser knows the place only sometimes. Tabs are allowed inside quotes: they are the cause only where the parser says so.
        if (error.Message.Contains("tab", StringComparison.Ordinal) && Array.FindIndex(lines, line => IndentingTab().IsMatch(line)) is >= 0 and var index)
        {
            return new(new(index + 1, lines[index].IndexOf('\t', StringComparison.Ordinal) + 1), "a tab can't indent in YAML; use spaces");
        }

        if (Reassign().Match(lines.ElementAtOrDefault(place.Line - 1) ?? "") is { Success: true } match)
        {
            return new(new(place.Line, match.Groups["action"].Index + 1), "a second ':' on one line is not valid YAML; write { action: reassign, key: \"…\" }");
        }

        return new(place, $"not valid YAML: {char.ToLowerInvariant(error.Message[0])}{error.Message[1..].TrimEnd('.')}");
    }

    [GeneratedRegex(@"^ *\t")]
    private static partial Regex IndentingTab();

    [GeneratedRegex(@":\s+(?<action>reassign:)", RegexOptions.ExplicitCapture)]
    private static partial Regex Reassign();
}
