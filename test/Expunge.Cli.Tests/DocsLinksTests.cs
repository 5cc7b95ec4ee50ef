using System.Text.RegularExpressions;
using Xunit;

namespace Expunge.Cli.Tests;

public sealed partial class DocsLinksTests
{
    [Fact]
    public void Every_link_within_the_repository_leads_somewhere()
    {
        var broken = new List<string>();
        foreach (var page in DocsPages.All)
        {
            foreach (var target in Prose(page).SelectMany(l => Link().Matches(l)).Select(m => m.Groups["target"].Value).Where(t => !t.Contains("://", StringComparison.Ordinal) && !t.StartsWith("mailto:", StringComparison.Ordinal)))
            {
                var (file, anchor) = target.Split('#', 2) is [var f, var a] ? (f, a) : (target, "");
                var path = file.Length == 0 ? page : Path.GetRelativePath(DocsPages.Root, Path.GetFullPath(Path.Combine(DocsPages.Root, Path.GetDirectoryName(page)!, file))).Replace('\\', '/');
                if (!File.Exists(DocsPages.PathOf(path)) && !Directory.Exists(DocsPages.PathOf(path))) broken.Add($"{page}: {target}");
                else if (anchor.Length > 0 && !Anchors(path).Contains(anchor)) broken.Add($"{page}: {target} (no such heading)");
            }
        }

        DocsPages.None(broken);
    }

    [Fact]
    public void Every_file_that_is_named_exists()
    {
        var named = DocsPages.All.SelectMany(p => Prose(p).SelectMany(l => Code().Matches(l)).Select(m => (Page: p, File: m.Groups["file"].Value)));
        DocsPages.None(named.Where(n => !File.Exists(DocsPages.PathOf(n.File)) && !Directory.Exists(DocsPages.PathOf(n.File))));
    }

    [Fact]
    public void Every_code_that_is_named_exists()
    {
        var entries = Anchors("docs/errors.md");
        var named = DocsPages.All.SelectMany(p => DocsPages.LinesOf(p).SelectMany(l => ErrorCode().Matches(l)).Select(m => (Page: p, Code: m.Value)));
        DocsPages.None(named.Where(n => !entries.Any(e => e.StartsWith(n.Code, StringComparison.OrdinalIgnoreCase))));
    }

    /// <summary>The page's lines outside of fenced blocks.</summary>
    private static IEnumerable<string> Prose(string page)
    {
        var fenced = false;
        foreach (var line in DocsPages.LinesOf(page))
        {
            if (line.StartsWith("```", StringComparison.Ordinal)) fenced = !fenced;
            else if (!fenced) yield return line;
        }
    }

    /// <summary>The anchors as GitHub makes them: lower case, spaces to hyphens, everything else but letters, digits, hyphens and underscores gone.</summary>
    private static HashSet<string> Anchors(string page) =>
        [.. Prose(page).Where(l => l.StartsWith('#')).Select(l => string.Concat(l.TrimStart('#').Trim().ToLowerInvariant().Select(c => c == ' ' ? "-" : char.IsLetterOrDigit(c) || c is '-' or '_' ? c.ToString() : "")))];

    [GeneratedRegex(@"\]\((?<target>[^)\s]+)\)", RegexOptions.ExplicitCapture)]
    private static partial Regex Link();

    [GeneratedRegex("`(?<file>(src|docs|zivohealth|samples|test)/[A-Za-z0-9_./-]+)`", RegexOptions.ExplicitCapture)]
    private static partial Regex Code();

    [GeneratedRegex(@"\bEXP[0-9]{4}\b")]
    private static partial Regex ErrorCode();
}
