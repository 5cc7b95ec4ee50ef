using System.Collections.Immutable;
using System.Globalization;
using System.Text.RegularExpressions;

namespace Expunge.Probing;

/// <summary>The literals of CHECK expressions: what a column is compared with is often what it may hold. Pure.</summary>
/// <param name="Strings">The strings.</param>
/// <param name="Numbers">The numbers.</param>
internal sealed partial record Hints(ImmutableArray<string> Strings, ImmutableArray<decimal> Numbers)
{
    public static Hints None { get; } = new([], []);

    public static Hints Of(IEnumerable<string> expressions)
    {
        var all = string.Join(' ', expressions);
        var strings = StringLiteral().Matches(all).Select(m => m.Groups[1].Value.Replace("''", "'", StringComparison.Ordinal)).Distinct(StringComparer.Ordinal).ToImmutableArray();
        // pg_get_expr writes a negative number as a quoted one, '-1'::integer.
        var numbers = NumberLiteral().Matches(StringLiteral().Replace(all, " ")).Select(m => m.Value).Concat(strings)
            .Select(t => decimal.TryParse(t, NumberStyles.Float, CultureInfo.InvariantCulture, out var n) ? n : (decimal?)null).OfType<decimal>().Distinct();
        return new Hints(strings, [.. numbers]);
    }

    public Hints And(Hints other) => new([.. Strings.Union(other.Strings)], [.. Numbers.Union(other.Numbers)]);

    [GeneratedRegex("'((?:[^']|'')*)'")]
    private static partial Regex StringLiteral();

    [GeneratedRegex(@"(?<![\w.])\d+(\.\d+)?(?![\w.])")]
    private static partial Regex NumberLiteral();
}
