using System.Text.RegularExpressions;
using Xunit;

namespace Expunge.Cli.Tests;

/// <summary>A fenced block of a page.</summary>
/// <param name="Page">The page's path in the repository.</param>
/// <param name="Line">The number of its first line of content, from 1.</param>
/// <param name="Language">The word after the fence.</param>
/// <param name="Mark">What the HTML comment in the line before says, such as <c>transcript: zivohealth</c>; empty without one.</param>
/// <param name="Lines">Its content.</param>
internal sealed record DocsBlock(string Page, int Line, string Language, string Mark, IReadOnlyList<string> Lines)
{
    public string Place => $"{Page}:{Line}";

    public string Text => string.Join('\n', Lines);
}

/// <summary>The README and the pages of docs/, the samples and the deployment, as they are in the repository.</summary>
internal static partial class DocsPages
{
    public static string Root { get; } = FindRoot();

    /// <summary>Their paths in the repository, with forward slashes.</summary>
    public static IReadOnlyList<string> All { get; } =
    [
        "README.md", "CONTRIBUTING.md", "CHANGELOG.md",
        .. Below("docs"), .. Below("samples"), .. Below("zivohealth"),
    ];

    public static string PathOf(string page) => Path.Combine(Root, page);

    public static string[] LinesOf(string page) => File.ReadAllText(PathOf(page)).ReplaceLineEndings("\n").Split('\n');

    public static IEnumerable<DocsBlock> Blocks() => All.SelectMany(Blocks);

    public static IEnumerable<DocsBlock> Blocks(string page)
    {
        var lines = LinesOf(page);
        for (var i = 0; i < lines.Length; i++)
        {
            if (!lines[i].StartsWith("```", StringComparison.Ordinal)) continue;
            var end = Array.FindIndex(lines, i + 1, l => l == "```");
            if (end < 0) throw new InvalidOperationException($"{page}:{i + 1}: the block is not closed.");
            var mark = i > 0 && Comment().Match(lines[i - 1]) is { Success: true } comment ? comment.Groups["text"].Value : "";
            yield return new DocsBlock(page, i + 2, lines[i][3..].Trim(), mark, lines[(i + 1)..end]);
            i = end;
        }
    }

    /// <summary>The blocks whose mark begins with a word.</summary>
    public static IEnumerable<DocsBlock> Marked(string word) => Blocks().Where(b => b.Mark == word || b.Mark.StartsWith(word + ":", StringComparison.Ordinal));

    /// <summary>Asserts that there is nothing, and names what there is.</summary>
    public static void None<T>(IEnumerable<T> items)
    {
        // Not Assert.Equal: it cuts long texts.
        var text = string.Join('\n', items);
        if (text.Length > 0) Assert.Fail(text);
    }

    private static IEnumerable<string> Below(string folder) => Directory
        .EnumerateFiles(Path.Combine(Root, folder), "*.md", SearchOption.AllDirectories)
        .Select(f => Path.GetRelativePath(Root, f).Replace('\\', '/'))
        .Where(f => !f.Contains("/bin/", StringComparison.Ordinal) && !f.Contains("/obj/", StringComparison.Ordinal))
        .Order(StringComparer.Ordinal);

    private static string FindRoot()
    {
        for (var at = new DirectoryInfo(AppContext.BaseDirectory); at is not null; at = at.Parent)
        {
            if (File.Exists(Path.Combine(at.FullName, "Expunge.slnx"))) return at.FullName;
        }

        throw new InvalidOperationException("The tests of the docs run in a source checkout.");
    }

    [GeneratedRegex("^<!-- (?<text>.*) -->$", RegexOptions.ExplicitCapture)]
    private static partial Regex Comment();
}
