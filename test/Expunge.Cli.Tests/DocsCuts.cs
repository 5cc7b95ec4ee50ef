namespace Expunge.Cli.Tests;

/// <summary>Output that a page shows with cuts: a line <c>...</c> stands for any lines.</summary>
internal static class DocsCuts
{
    private const string Cutting = "...";

    public static bool Matches(IReadOnlyList<string> shown, IReadOnlyList<string> actual, Func<string, string> normal)
    {
        var at = 0;
        var parts = Parts(shown);
        for (var i = 0; i < parts.Count; i++)
        {
            var from = Find(parts[i], actual, at, normal, first: i == 0, last: i == parts.Count - 1);
            if (from < 0) return false;
            at = from + parts[i].Count;
        }

        return parts.Count > 1 || at == actual.Count;
    }

    /// <summary>The actual output, cut as the page cut it where that is still to be seen: as many lines at the start and at the end; in between what still matches.</summary>
    public static IEnumerable<string> Cut(IReadOnlyList<string> shown, IReadOnlyList<string> actual, Func<string, string> normal)
    {
        var parts = Parts(shown);
        if (parts.Count == 1 || actual.Count <= parts[0].Count + parts[^1].Count) return actual;
        var lines = actual.Take(parts[0].Count).Append(Cutting).ToList();
        var at = parts[0].Count;
        foreach (var part in parts.Skip(1).SkipLast(1))
        {
            var from = Find(part, actual, at, normal, first: false, last: false);
            if (from < 0) continue;
            lines.AddRange(actual.Skip(from).Take(part.Count).Append(Cutting));
            at = from + part.Count;
        }

        return lines.Concat(actual.TakeLast(parts[^1].Count));
    }

    /// <summary>Both, line by line, with <c>-</c> for what the page has and <c>+</c> for what was printed.</summary>
    public static string Difference(IReadOnlyList<string> shown, IReadOnlyList<string> actual, Func<string, string> normal)
    {
        var has = actual.Select(normal).ToHashSet(StringComparer.Ordinal);
        var wants = shown.Select(normal).ToHashSet(StringComparer.Ordinal);
        var cut = shown.Contains(Cutting);
        return string.Join('\n', shown.Where(l => l != Cutting && !has.Contains(normal(l))).Select(l => $"- {l}").Concat(actual.Where(l => !wants.Contains(normal(l))).Take(cut ? 40 : 200).Select(l => $"+ {l}")));
    }

    private static int Find(List<string> part, IReadOnlyList<string> actual, int at, Func<string, string> normal, bool first, bool last)
    {
        for (var from = last && !first ? actual.Count - part.Count : at; from >= at && from + part.Count <= actual.Count; from++)
        {
            if (part.Select((l, i) => normal(l) == normal(actual[from + i])).All(same => same)) return from;
            if (first) break;
        }

        return -1;
    }

    private static List<List<string>> Parts(IReadOnlyList<string> shown)
    {
        var parts = new List<List<string>> { new() };
        foreach (var line in shown)
        {
            if (line == Cutting) parts.Add([]);
            else parts[^1].Add(line);
        }

        return parts;
    }
}
