using System.Text.RegularExpressions;
using Xunit;

namespace Expunge.Cli.Tests;

public sealed partial class DocsCommandsTests
{
    private static readonly Lazy<Task<Dictionary<string, string>>> Help = new(ReadAsync);

    [Fact]
    public async Task Every_command_has_a_page_and_no_page_is_without_its_command()
    {
        var pages = Directory.EnumerateFiles(DocsPages.PathOf("docs/commands"), "*.md").Select(f => Path.GetFileNameWithoutExtension(f)).Where(p => p != "README");
        Assert.Equal((await Help.Value).Keys.Where(c => c.Length > 0).Order(StringComparer.Ordinal), pages.Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Each_option_and_argument_is_on_the_page_of_its_command()
    {
        var help = await Help.Value;
        var everywhere = Options(help[""]).ToHashSet(StringComparer.Ordinal);
        var missing = help.Where(h => h.Key.Length > 0).SelectMany(h => Options(h.Value).Where(o => !everywhere.Contains(o)).Concat(Arguments(h.Value)).Where(o => !Page(h.Key).Contains($"`{o}", StringComparison.Ordinal)).Select(o => $"{h.Key}: {o}"));
        DocsPages.None(missing);
    }

    [Fact]
    public async Task The_options_of_all_commands_are_on_the_page_that_each_commands_page_leads_to()
    {
        var help = await Help.Value;
        DocsPages.None(Options(help[""]).Where(o => !Page("README").Contains($"`{o}", StringComparison.Ordinal)));
        DocsPages.None(help.Keys.Where(c => c.Length > 0 && !Page(c).Contains("(README.md#options-of-all-commands)", StringComparison.Ordinal)));
        DocsPages.None(help.Keys.Where(c => c.Length > 0 && !Page("README").Contains($"({c}.md)", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task No_page_has_an_option_that_is_not_there()
    {
        var help = await Help.Value;
        var known = help.Values.SelectMany(Options).ToHashSet(StringComparer.Ordinal);
        var shown = DocsPages.All.Where(p => p.StartsWith("docs/commands/", StringComparison.Ordinal)).SelectMany(p => DocsPages.LinesOf(p).SelectMany(l => TableOption().Matches(l)).Select(m => (Page: p, Option: m.Groups["option"].Value)));
        DocsPages.None(shown.Where(s => !known.Contains(s.Option)));
    }

    private static string Page(string command) => string.Join('\n', DocsPages.LinesOf($"docs/commands/{command}.md"));

    private static IEnumerable<string> Options(string help) => OptionLine().Matches(help).Select(m => m.Groups["option"].Value);

    private static IEnumerable<string> Arguments(string help) => ArgumentLine().Matches(help).SelectMany(m => m.Groups["argument"].Value.Split('|'));

    private static async Task<Dictionary<string, string>> ReadAsync()
    {
        var root = (await ExpungeProcess.RunAsync(["--help"])).Output;
        var commands = CommandLine().Matches(root[root.IndexOf("Commands:", StringComparison.Ordinal)..]).Select(m => m.Groups["command"].Value).ToList();
        Assert.Contains("upgrade", commands);
        var each = await Task.WhenAll(commands.Select(async c => (Command: c, (await ExpungeProcess.RunAsync([c, "--help"])).Output)));
        return each.Append((Command: "", Output: root)).ToDictionary(h => h.Command, h => h.Output, StringComparer.Ordinal);
    }

    [GeneratedRegex("^  (-., (-., )?)?(?<option>--[a-z-]+)", RegexOptions.Multiline | RegexOptions.ExplicitCapture)]
    private static partial Regex OptionLine();

    [GeneratedRegex("^  <(?<argument>[^>]+)>", RegexOptions.Multiline | RegexOptions.ExplicitCapture)]
    private static partial Regex ArgumentLine();

    [GeneratedRegex("^  (?<command>[a-z]+)( |$)", RegexOptions.Multiline | RegexOptions.ExplicitCapture)]
    private static partial Regex CommandLine();

    [GeneratedRegex("^\\| `(-., )?(?<option>--[a-z-]+)", RegexOptions.ExplicitCapture)]
    private static partial Regex TableOption();
}
