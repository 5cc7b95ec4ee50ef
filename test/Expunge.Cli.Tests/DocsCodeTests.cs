using Xunit;

namespace Expunge.Cli.Tests;

/// <summary>Code on a page is code that is compiled and tested: a block marked <c>code: FILE NAME</c> holds the lines between <c>// docs: NAME</c> and <c>// docs: end</c> of the file.</summary>
public sealed class DocsCodeTests
{
    private static readonly bool Updates = Environment.GetEnvironmentVariable("EXPUNGE_UPDATE_DOCS") == "1";

    [Fact]
    public void Code_on_a_page_is_the_code_of_its_file()
    {
        var blocks = DocsPages.Marked("code").ToList();
        Assert.NotEmpty(blocks);
        foreach (var block in blocks.AsEnumerable().Reverse())
        {
            var code = Code(block);
            if (Updates) Rewrite(block, code);
            else Assert.Equal(string.Join('\n', code), block.Text);
        }
    }

    [Fact]
    public void Every_block_of_csharp_comes_from_a_file() => DocsPages.None(DocsPages.Blocks().Where(b => b.Language == "csharp" && !b.Mark.StartsWith("code: ", StringComparison.Ordinal)).Select(b => b.Place));

    private static List<string> Code(DocsBlock block)
    {
        var words = block.Mark["code: ".Length..].Split(' ');
        var lines = DocsPages.LinesOf(words[0]);
        var from = Array.FindIndex(lines, l => l.Trim() == $"// docs: {words[1]}");
        Assert.True(from >= 0, $"{block.Place}: {words[0]} has no '// docs: {words[1]}'.");
        var code = lines[(from + 1)..Array.FindIndex(lines, from, l => l.Trim() == "// docs: end")].Reverse().SkipWhile(string.IsNullOrWhiteSpace).Reverse().ToList();
        var indent = code.Where(l => l.Length > 0).Min(l => l.Length - l.TrimStart().Length);
        return [.. code.Select(l => l.Length == 0 ? l : l[indent..])];
    }

    private static void Rewrite(DocsBlock block, List<string> code)
    {
        var page = DocsPages.LinesOf(block.Page).ToList();
        page.RemoveRange(block.Line - 1, block.Lines.Count);
        page.InsertRange(block.Line - 1, code);
        File.WriteAllText(DocsPages.PathOf(block.Page), string.Join('\n', page));
    }
}
