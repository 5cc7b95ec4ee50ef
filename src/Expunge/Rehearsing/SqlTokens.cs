using System.Text.RegularExpressions;
using Expunge.Postgres;

namespace Expunge.Rehearsing;

/// <summary>Goes through the tokens of one statement. Where something else stands than was expected it throws a <see cref="FormatException"/>: the reader does not know such a statement.</summary>
internal sealed partial class SqlTokens
{
    private readonly List<(string Raw, bool IsWord)> _tokens = [];
    private int _at;

    /// <exception cref="FormatException">It holds what is no token, or a comment in <c>/* */</c>.</exception>
    public SqlTokens(string statement)
    {
        for (var at = 0; at < statement.Length;)
        {
            var token = Token().Match(statement, at);
            if (!token.Success) throw new FormatException($"No token begins with {statement[at]}.");
            at += token.Length;
            if (!token.Groups["blank"].Success) _tokens.Add((token.Value, token.Groups["word"].Success));
        }
    }

    public bool AtEnd => _at == _tokens.Count;

    /// <summary>Whether these key words or symbols come next.</summary>
    public bool Is(params ReadOnlySpan<string> words)
    {
        if (_at + words.Length > _tokens.Count) return false;
        for (var i = 0; i < words.Length; i++)
        {
            if (!words[i].Equals(_tokens[_at + i].Raw, StringComparison.OrdinalIgnoreCase)) return false;
        }

        return true;
    }

    /// <summary>Goes past them if they come next.</summary>
    public bool Passes(params ReadOnlySpan<string> words)
    {
        var found = Is(words);
        if (found) _at += words.Length;
        return found;
    }

    public void Expect(params ReadOnlySpan<string> words)
    {
        if (!Passes(words)) throw new FormatException($"Not {string.Join(' ', words)}.");
    }

    /// <summary>The next token as it is written.</summary>
    public string Raw() => AtEnd ? throw new FormatException("The statement ends early.") : _tokens[_at++].Raw;

    /// <summary>A name as the catalog holds it: only ASCII is folded to lower case (docs 4.1.1).</summary>
    public string Name()
    {
        var isWord = !AtEnd && _tokens[_at].IsWord;
        return Raw() switch
        {
            ['"', .. var quoted, '"'] => quoted.Replace("\"\"", "\"", StringComparison.Ordinal),
            var word when isWord => string.Concat(word.Select(c => char.IsAsciiLetterUpper(c) ? char.ToLowerInvariant(c) : c)),
            var other => throw new FormatException($"{other} is no name."),
        };
    }

    /// <summary>A name with its schema; without one it would be whichever the search_path finds.</summary>
    public QualifiedName QualifiedName()
    {
        var schema = Name();
        Expect(".");
        return new QualifiedName(schema, Name());
    }

    /// <summary>Names in parentheses.</summary>
    public List<string> Names()
    {
        Expect("(");
        var names = new List<string> { Name() };
        while (Passes(",")) names.Add(Name());
        Expect(")");
        return names;
    }

    /// <summary>The same, or null where anything else stands in the parentheses.</summary>
    public List<string>? NamesOnly()
    {
        var start = _at;
        try
        {
            return Names();
        }
        catch (FormatException)
        {
            _at = start;
            SkipGroup();
            return null;
        }
    }

    /// <summary>A string without escapes.</summary>
    public string Literal() => Raw() is ['\'', .. var text, '\''] ? text.Replace("''", "'", StringComparison.Ordinal) : throw new FormatException("Not a string.");

    /// <summary>Goes past one token, or past all from an opening parenthesis or bracket to its end.</summary>
    public void Skip()
    {
        for (var depth = 0; ;)
        {
            depth += Raw() switch { "(" or "[" => 1, ")" or "]" => -1, _ => 0 };
            if (depth <= 0) return;
        }
    }

    /// <summary>Goes past the rest, which is one clause: a comma would begin another, such as a second action of ALTER TABLE.</summary>
    public void SkipRest()
    {
        while (!AtEnd)
        {
            if (Is(",")) throw new FormatException("More than one clause.");
            Skip();
        }
    }

    /// <summary>Goes past what stands in parentheses.</summary>
    public void SkipGroup()
    {
        if (!Is("(")) throw new FormatException("Not in parentheses.");
        Skip();
    }

    [GeneratedRegex("""\G(?:(?<blank>\s+|--[^\n]*)|"(?:[^"]|"")+"|[Ee]'(?:[^'\\]|''|\\.)*'|'(?:[^']|'')*'|(?<word>[A-Za-z_\u0080-\uffff][\w$\u0080-\uffff]*)|\d[\w.]*|/(?!\*)|[^\s"'/$\d])""", RegexOptions.Singleline)]
    private static partial Regex Token();
}
