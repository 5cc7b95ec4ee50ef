using System.Text.RegularExpressions;
using Expunge.Pictures;
using Expunge.Tests.Graph;
using Xunit;

namespace Expunge.Tests.Pictures;

public sealed partial class MermaidPictureTests
{
    [Fact]
    public void Every_line_is_one_that_Mermaid_reads_whatever_the_names() => RandomDecisions.Hold(decisions =>
    {
        var picture = Picture.Of(decisions);
        var lines = MermaidPicture.Draw(picture).Split('\n');

        Assert.Equal(("flowchart LR", ""), (lines[0], lines[^1]));
        var (tables, references) = (lines.Skip(1).Take(picture.Tables.Length).ToList(), lines.Skip(1 + picture.Tables.Length).Take(picture.References.Length).ToList());
        Assert.All(tables, l => Assert.Matches(Node(), l));
        Assert.All(references, l => Assert.Matches(Arrow(), l));
        Assert.All(lines.Skip(1 + tables.Count + references.Count).SkipLast(1), l => Assert.Matches(Style(), l));
        Assert.Equal(
            Enumerable.Range(0, references.Count),
            lines.Where(l => l.StartsWith("  linkStyle ", StringComparison.Ordinal)).SelectMany(l => l.Split(' ')[3].Split(',').Select(int.Parse)).Order());
        Assert.Equal(picture.Tables.Select(t => PictureText.OneLine(t.Label)), tables.Select(l => Decoded(Node().Match(l).Groups["label"].Value)));
    });

    [Fact]
    public void Arrows_go_the_way_of_a_deletion_with_column_rules_and_marks() => Assert.StartsWith(
        """
        flowchart LR
          t0["users"]:::root
          t1["events"]:::loses
          t2["posts"]:::loses
          t0 -.->|"id: no foreign key, soft"| t1
          t0 -->|"user_id: NO ACTION → CASCADE, blocks, no index"| t2

        """,
        MermaidPicture.Draw(PictureTests.Draw(TestCatalog.Of("posts.user_id → users", "events.kind → kinds"), "soft_references: { events.id: delete }")), StringComparison.Ordinal);

    private static string Decoded(string label) => Code().Replace(label, m => char.ConvertFromUtf32(int.Parse(m.ValueSpan[1..^1])));

    [GeneratedRegex("#[0-9]+;")]
    private static partial Regex Code();

    // No underscore, hyphen or dot at the edge of a word: Markdown would see emphasis or a list there.
    private const string Label = @"(?:#[0-9]+;|[\p{L}\p{Nd} (),→]|(?<=[\p{L}\p{Nd}])[_.-](?=[\p{L}\p{Nd}]))+";

    [GeneratedRegex($@"^  t[0-9]+\[""(?<label>{Label})""\]:::(root|loses|shared|stays)$", RegexOptions.ExplicitCapture)]
    private static partial Regex Node();

    [GeneratedRegex($@"^  t[0-9]+ (-->|-\.->)\|""{Label}: {Label}""\| t[0-9]+$", RegexOptions.ExplicitCapture)]
    private static partial Regex Arrow();

    [GeneratedRegex("^  (classDef [a-z]+ fill:#[0-9a-f]{6},stroke:#[0-9a-f]{6}(,stroke-(width:3px|dasharray:4))?,color:#[0-9a-f]{6}|linkStyle [0-9]+(,[0-9]+)* stroke:#[0-9a-f]{6}(,stroke-width:3px)?)$", RegexOptions.ExplicitCapture)]
    private static partial Regex Style();
}
