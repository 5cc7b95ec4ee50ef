using System.Reflection;
using System.Text.RegularExpressions;
using Expunge.Verification;
using Xunit;

namespace Expunge.Cli.Tests;

public sealed partial class DocsErrorsTests
{
    private static List<string> Codes { get; } = [.. new[] { typeof(ErrorCodes), typeof(FindingCodes) }
        .SelectMany(t => t.GetFields(BindingFlags.Public | BindingFlags.Static)).Select(f => (string)f.GetRawConstantValue()!)];

    private static List<string> Entries { get; } = [.. DocsPages.LinesOf("docs/errors.md").Select(l => Entry().Match(l)).Where(m => m.Success).Select(m => m.Groups["code"].Value)];

    [Fact]
    public void Every_code_has_an_entry() => DocsPages.None(Codes.Except(Entries));

    [Fact]
    public void No_entry_is_without_its_code() => DocsPages.None(Entries.Except(Codes));

    [Fact]
    public void Codes_and_entries_are_there_once_and_in_order()
    {
        Assert.Equal(Codes.Distinct(), Codes);
        Assert.Equal(Entries.Order(StringComparer.Ordinal).Distinct(), Entries);
    }

    [Fact]
    public void Each_entry_says_why_it_matters_and_what_to_do_or_where_that_is_said()
    {
        var text = string.Join('\n', DocsPages.LinesOf("docs/errors.md"));
        foreach (var entry in text.Split("\n### ").Skip(1))
        {
            var code = entry[..7];
            if (code.StartsWith("EXP3", StringComparison.Ordinal))
            {
                Assert.True(entry.Contains($"(errors/{code}.md)", StringComparison.Ordinal), code);
                continue;
            }

            Assert.True(entry.Contains("**Why it matters.**", StringComparison.Ordinal), code);
            Assert.True(entry.Contains("**What to do.**", StringComparison.Ordinal), code);
        }
    }

    [GeneratedRegex("^### (?<code>EXP[0-9]{4}) · ", RegexOptions.ExplicitCapture)]
    private static partial Regex Entry();
}
