using System.Text.RegularExpressions;
using Expunge.Pictures;
using Expunge.Tests.Graph;
using Xunit;

namespace Expunge.Tests.Pictures;

public sealed partial class DotPictureTests
{
    [Fact]
    public void Every_statement_is_one_of_the_grammar_whatever_the_names() => RandomDecisions.Hold(decisions =>
    {
        var picture = Picture.Of(decisions);
        var lines = DotPicture.Draw(picture).Split('\n');

        Assert.Equal(("digraph \"expunge\" {", "}", ""), (lines[0], lines[^2], lines[^1]));
        Assert.All(lines[1..^2], l => Assert.Matches(Statement(), l));
        var nodes = lines.Select(l => Node().Match(l)).Where(m => m.Success).ToList();
        var edges = lines.Select(l => Edge().Match(l)).Where(m => m.Success).ToList();
        Assert.Equal(picture.Tables.Length, nodes.Select(n => n.Groups["id"].Value).Distinct(StringComparer.Ordinal).Count());
        Assert.Equal(picture.Tables.Select(t => PictureText.OneLine(t.Label)), nodes.Select(n => Decoded(n.Groups["label"].Value)));
        Assert.Equal(picture.References.Length, edges.Count);
        Assert.Subset(nodes.Select(n => n.Groups["id"].Value).ToHashSet(StringComparer.Ordinal), edges.SelectMany(e => (string[])[e.Groups["from"].Value, e.Groups["to"].Value]).ToHashSet(StringComparer.Ordinal));
    });

    [Fact]
    public void Names_that_differ_are_different_nodes_even_where_they_look_alike()
    {
        var ids = DotPicture.Draw(PictureTests.Draw(TestCatalog.Of("a\nb.user_id → users", "a\\nb.user_id → users", "a\\u000Ab.user_id → users"))).Split('\n').Select(l => Node().Match(l)).Where(m => m.Success).Select(m => m.Groups["id"].Value).ToList();

        Assert.Equal(4, ids.Distinct(StringComparer.Ordinal).Count());
    }

    [Fact]
    public void Arrows_go_the_way_of_a_deletion_from_the_tables_full_names() => Assert.Contains(
        """  "public.users" -> "public.posts" [label="user_id: NO ACTION → CASCADE, blocks, no index", color="#0072b2", fontcolor="#0072b2", penwidth="3", tooltip="posts.user_id → users (fk0): NO ACTION → CASCADE, blocks, no index"];""" + "\n",
        DotPicture.Draw(PictureTests.Draw(TestCatalog.Of("posts.user_id → users"))), StringComparison.Ordinal);

    // As Graphviz reads a label: a backslash escapes, and HTML's entities mean their characters.
    private static string Decoded(string label) => Escaped().Replace(label, m => m.Value[1..]).Replace("&amp;", "&", StringComparison.Ordinal);

    [GeneratedRegex(@"\\.")]
    private static partial Regex Escaped();

    private const string Quoted = """
        "(?:[^"\\]|\\["\\])*"
        """;

    private const string Attributes = $" \\[[a-z]+={Quoted}(, [a-z]+={Quoted})*\\];$";

    [GeneratedRegex($"^  ((graph|node|edge)|{Quoted}( -> {Quoted})?){Attributes}", RegexOptions.ExplicitCapture)]
    private static partial Regex Statement();

    [GeneratedRegex($"^  (?<id>{Quoted}) \\[label=\"(?<label>([^\"\\\\]|\\\\[\"\\\\])*)\"", RegexOptions.ExplicitCapture)]
    private static partial Regex Node();

    [GeneratedRegex($"^  (?<from>{Quoted}) -> (?<to>{Quoted}) \\[", RegexOptions.ExplicitCapture)]
    private static partial Regex Edge();
}
