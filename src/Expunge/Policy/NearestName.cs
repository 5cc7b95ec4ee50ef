namespace Expunge.Policy;

/// <summary>Finds what somebody meant who mistyped a name.</summary>
public static class NearestName
{
    /// <summary>
    /// The candidate with the fewest typing errors (a missing, extra, wrong or swapped letter; letter case counts last), or null when none is near:
    /// more than two errors, or more than a third of the letters.
    /// </summary>
    /// <param name="wrong">The name as typed.</param>
    /// <param name="candidates">The names that exist; of several equally near ones the first in ordinal order is taken.</param>
    public static string? Of(string wrong, IEnumerable<string> candidates) => candidates
        .Select(candidate => (Name: candidate, Distance: Distance(wrong.ToUpperInvariant(), candidate.ToUpperInvariant())))
        .Where(candidate => candidate.Distance <= Math.Max(2, wrong.Length / 3) && candidate.Distance < Math.Max(wrong.Length, candidate.Name.Length))
        .OrderBy(candidate => candidate.Distance).ThenBy(candidate => Distance(wrong, candidate.Name)).ThenBy(candidate => candidate.Name, StringComparer.Ordinal)
        .Select(candidate => candidate.Name)
        .FirstOrDefault();

    /// <summary><c>; did you mean 'x'?</c>, or what stands otherwise: the end of a message about an unknown name.</summary>
    /// <param name="wrong">The name as typed.</param>
    /// <param name="candidates">The names that exist.</param>
    /// <param name="otherwise">What stands there when none is near.</param>
    public static string Hint(string wrong, IEnumerable<string> candidates, string otherwise = "") => Of(wrong, candidates) is { } name ? $"; did you mean '{name}'?" : otherwise;

    // Damerau–Levenshtein in its restricted form: a swap of neighbours is one error, and no letter is edited twice.
    internal static int Distance(string a, string b)
    {
        var (before, last, next) = (new int[b.Length + 1], new int[b.Length + 1], new int[b.Length + 1]);
        for (var j = 0; j <= b.Length; j++) last[j] = j;
        for (var i = 1; i <= a.Length; i++)
        {
            next[0] = i;
            for (var j = 1; j <= b.Length; j++)
            {
                var swap = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] ? before[j - 2] + 1 : int.MaxValue;
                next[j] = Math.Min(Math.Min(Math.Min(last[j], next[j - 1]) + 1, last[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1)), swap);
            }

            (before, last, next) = (last, next, before);
        }

        return last[b.Length];
    }
}
