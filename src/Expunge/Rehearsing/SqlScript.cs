using System.Text.RegularExpressions;

namespace Expunge.Rehearsing;

/// <summary>Splits a file of SQL into statements, as psql does: what stands in quotes, dollar quotes, comments or the body of an SQL function holds no end. Pure.</summary>
internal static partial class SqlScript
{
    /// <summary>The statements, without the rows of COPY and without psql's own commands.</summary>
    public static IEnumerable<string> Statements(string text)
    {
        for (var at = 0; at < text.Length;)
        {
            var start = SkipBlank(text, at);
            if (start >= text.Length) yield break;
            if (text[start] == '\\')
            {
                at = EndOfLine(text, start);
                continue;
            }

            at = End(text, start);
            var statement = text[start..at].TrimEnd().TrimEnd(';');
            if (statement.Length > 0) yield return statement;
            if (CopyFromStdin().IsMatch(statement)) at = text.IndexOf("\n\\.", at, StringComparison.Ordinal) is >= 0 and var end ? EndOfLine(text, end + 1) : text.Length;
        }
    }

    private static int End(string text, int at)
    {
        // CREATE FUNCTION … BEGIN ATOMIC …; END: the semicolons within end no statement (docs, CREATE FUNCTION, sql_body).
        var (depth, atomic) = (0, false);
        while (at < text.Length)
        {
            var c = text[at];
            if (c is '-' or '/' && SkipComment(text, at) is var after && after > at) at = after;
            else if (c is '\'' or '"') at = SkipQuoted(text, at, escapes: c == '\'' && at > 0 && text[at - 1] is 'E' or 'e' && (at < 2 || !IsWord(text[at - 2])));
            else if (c == '$' && DollarQuote().Match(text, at) is { Success: true } quote && (at == 0 || !IsWord(text[at - 1])))
            {
                var end = text.IndexOf(quote.Value, at + quote.Length, StringComparison.Ordinal);
                at = end < 0 ? text.Length : end + quote.Length;
            }
            else if (IsWord(c))
            {
                var word = Word().Match(text, at).Value.ToUpperInvariant();
                if (word == "ATOMIC") (atomic, depth) = (true, depth + 1);
                else if (atomic && word == "CASE") depth++;
                else if (atomic && word == "END") depth--;
                at += word.Length;
            }
            else if (c == ';' && depth <= 0) return at + 1;
            else at++;
        }

        return at;
    }

    private static int SkipBlank(string text, int at)
    {
        while (at < text.Length)
        {
            var next = char.IsWhiteSpace(text[at]) || text[at] == ';' ? at + 1 : SkipComment(text, at);
            if (next == at) break;
            at = next;
        }

        return at;
    }

    private static int SkipComment(string text, int at)
    {
        if (text.AsSpan(at).StartsWith("--")) return EndOfLine(text, at);
        if (!text.AsSpan(at).StartsWith("/*")) return at;
        // They nest (docs 4.1.5).
        var depth = 1;
        for (at += 2; at < text.Length && depth > 0; at++)
        {
            if (text.AsSpan(at).StartsWith("/*")) (depth, at) = (depth + 1, at + 1);
            else if (text.AsSpan(at).StartsWith("*/")) (depth, at) = (depth - 1, at + 1);
        }

        return at;
    }

    private static int SkipQuoted(string text, int at, bool escapes)
    {
        var quote = text[at++];
        for (; at < text.Length; at++)
        {
            if (escapes && text[at] == '\\') at++;
            else if (text[at] == quote && (at + 1 >= text.Length || text[at + 1] != quote)) return at + 1;
            else if (text[at] == quote) at++;
        }

        return Math.Min(at, text.Length);
    }

    private static int EndOfLine(string text, int at) => text.IndexOf('\n', at) is >= 0 and var end ? end + 1 : text.Length;

    private static bool IsWord(char c) => char.IsLetterOrDigit(c) || c == '_';

    [GeneratedRegex(@"\G\$([A-Za-z_\u0080-\uffff][\w\u0080-\uffff]*)?\$")]
    private static partial Regex DollarQuote();

    [GeneratedRegex(@"\G\w+")]
    private static partial Regex Word();

    [GeneratedRegex(@"^COPY\b.*\bFROM\s+stdin\b", RegexOptions.IgnoreCase | RegexOptions.Singleline)]
    private static partial Regex CopyFromStdin();
}
