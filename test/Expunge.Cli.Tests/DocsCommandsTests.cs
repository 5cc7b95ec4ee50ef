using System.CommandLine;
using System.CommandLine.Completions;
using System.Text.RegularExpressions;
using Xunit;

namespace Expunge.Cli.Tests;

public sealed partial class DocsCommandsTests
{
    private static readonly Command Root = Program.CreateRoot();

    [Fact]
    public void Every_command_has_a_page_and_no_page_is_without_its_command()
    {
        var pages = Directory.EnumerateFiles(DocsPages.PathOf("docs/commands"), "*.md").Select(f => Path.GetFileNameWithoutExtension(f)).Where(p => p != "README");
        Assert.Equal(Root.Subcommands.Select(c => c.Name).Order(StringComparer.Ordinal), pages.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Each_option_and_argument_is_on_the_page_of_its_command() =>
        DocsPages.None(Root.Subcommands.SelectMany(c => Options(c).Concat(WithSubcommands(c).SelectMany(s => s.Arguments).SelectMany(Words)).Where(o => !Page(c.Name).Contains($"`{o}", StringComparison.Ordinal)).Select(o => $"{c.Name}: {o}")));

    [Fact]
    public void The_options_of_all_commands_are_on_the_page_that_each_commands_page_leads_to()
    {
        DocsPages.None(Options(Root).Where(o => !Page("README").Contains($"`{o}", StringComparison.Ordinal)));
        DocsPages.None(Root.Subcommands.Where(c => !Page(c.Name).Contains("(README.md#options-of-all-commands)", StringComparison.Ordinal)).Select(c => c.Name));
        DocsPages.None(Root.Subcommands.Where(c => !Page("README").Contains($"({c.Name}.md)", StringComparison.Ordinal)).Select(c => c.Name));
    }

    [Fact]
    public void No_page_has_an_option_that_its_command_does_not_take()
    {
        foreach (var command in Root.Subcommands)
        {
            var known = Options(command).Concat(Options(Root)).ToHashSet(StringComparer.Ordinal);
            DocsPages.None(DocsPages.LinesOf($"docs/commands/{command.Name}.md").SelectMany(l => TableOption().Matches(l)).Select(m => m.Groups["option"].Value).Where(o => !known.Contains(o)));
        }
    }

    private static string Page(string command) => string.Join('\n', DocsPages.LinesOf($"docs/commands/{command}.md"));

    /// <summary>The command and those below it, which stand on its page, such as <c>admin create</c>. The root's are commands of their own.</summary>
    private static IEnumerable<Command> WithSubcommands(Command command) => command == Root ? [command] : command.Subcommands.Prepend(command);

    private static IEnumerable<string> Options(Command command) => WithSubcommands(command).SelectMany(c => c.Options).SelectMany(o => o.Aliases.Append(o.Name)).Where(n => n.StartsWith("--", StringComparison.Ordinal));

    /// <summary>The words that an argument takes, or its name where it takes any.</summary>
    private static IEnumerable<string> Words(Argument argument) => argument.GetCompletions(CompletionContext.Empty).Select(c => c.Label).DefaultIfEmpty(argument.Name);

    [GeneratedRegex("^\\| (`-.`, )?`(?<option>--[a-z-]+)", RegexOptions.ExplicitCapture)]
    private static partial Regex TableOption();
}
