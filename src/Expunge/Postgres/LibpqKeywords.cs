using System.Text.RegularExpressions;

namespace Expunge.Postgres;

/// <summary>Reads <c>host=… dbname=… password='a b'</c> as libpq does (PostgreSQL docs 34.1.1.1).</summary>
internal static partial class LibpqKeywords
{
    /// <summary>The values by keyword, or null when the text has another form: Npgsql's, where semicolons stand between the pairs.</summary>
    internal static Dictionary<string, string>? Parse(string text, string source)
    {
        var form = Form().Match(text);
        if (!form.Success || form.Groups["pair"].Captures.Any(pair => Semicolon().IsMatch(pair.Value))) return null;
        var pairs = form.Groups["pair"].Captures.Select(pair => Pair().Match(pair.Value)).Select(pair => (Keyword: pair.Groups["keyword"].Value, pair.Groups["value"].Value)).ToList();

        // A single pair such as Host=db is the same in both; one that only libpq has is libpq's.
        if (pairs.Count < 2 && (pairs.Count == 0 || LibpqParameter.Find(pairs[0].Keyword) is null)) return null;
        var values = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var (keyword, value) in pairs)
        {
            if (LibpqParameter.Find(keyword) is null) throw ConnectionSettings.Unknown(source, keyword, LibpqParameter.Keywords, text.Contains("password", StringComparison.OrdinalIgnoreCase));
            if (value.Length > 0) values[keyword] = Escape().Replace(value, "$1");
        }

        return values;
    }

    [GeneratedRegex(@"^(\s*(?<pair>[^\s=';]+\s*=\s*('(\\.|[^'\\])*'|(?!')(\\.|[^\s\\])*))(?=\s|$))*\s*$", RegexOptions.ExplicitCapture | RegexOptions.Singleline)]
    private static partial Regex Form();

    [GeneratedRegex(@"^(?<keyword>[^\s=]+)\s*=\s*('(?<value>.*)'|(?<value>.*))$", RegexOptions.ExplicitCapture | RegexOptions.Singleline)]
    private static partial Regex Pair();

    [GeneratedRegex(@"^[^\s=]+\s*=\s*[^'].*;", RegexOptions.ExplicitCapture | RegexOptions.Singleline)]
    private static partial Regex Semicolon();

    [GeneratedRegex(@"\\(.)", RegexOptions.Singleline)]
    private static partial Regex Escape();
}
