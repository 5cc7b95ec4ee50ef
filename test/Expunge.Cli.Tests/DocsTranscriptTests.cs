using Xunit;

namespace Expunge.Cli.Tests;

public sealed class DocsTranscriptTests
{
    private static readonly Lock Starting = new();
    private static Dictionary<string, Task<IReadOnlyList<string>>>? _runs;

    public static TheoryData<string> Pages => [.. DocsPages.All.Where(p => DocsPages.Blocks(p).Any(b => b.Mark.StartsWith("transcript:", StringComparison.Ordinal)))];

    [Theory]
    [MemberData(nameof(Pages))]
    public async Task What_a_page_shows_is_what_is_printed(string page) => DocsPages.None(await RunOf(page));

    [Fact]
    public void Every_block_that_shows_the_command_at_work_is_a_transcript_or_says_why_not()
    {
        var unmarked = DocsPages.Blocks().Where(b => b.Language == "console" && b.Mark.Length == 0 && b.Lines.Any(l => l.StartsWith("$ expunge", StringComparison.Ordinal)));
        DocsPages.None(unmarked.Select(b => b.Place));
    }

    /// <summary>All pages at once: each has its own databases, and most of the time is spent starting processes.</summary>
    private static Task<IReadOnlyList<string>> RunOf(string page)
    {
        lock (Starting) return (_runs ??= Pages.ToDictionary(p => p.Data, p => Task.Run(() => DocsTranscript.RunAsync(p.Data))))[page];
    }
}
