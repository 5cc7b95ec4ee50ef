using System.Text.RegularExpressions;
using System.Xml.Linq;
using Expunge.Pictures;
using Expunge.Policy;
using Expunge.Postgres;
using Expunge.Testing;
using Expunge.Tests.Graph;
using Expunge.Tests.Schemas;
using Xunit;

namespace Expunge.Tests.Pictures;

public sealed partial class SvgPictureTests
{
    private static readonly XNamespace Svg = "http://www.w3.org/2000/svg";

    [Fact]
    public void No_two_boxes_overlap() => RandomDecisions.Hold(decisions =>
    {
        var boxes = SvgColumns.Place(Picture.Of(decisions));

        Assert.Equal(decisions.Reach.Tables.Length, boxes.Count(b => b.Table.LosesRows));
        foreach (var (a, i) in boxes.Select((b, i) => (b, i)))
        {
            Assert.DoesNotContain(boxes.Skip(i + 1), b => a.X < b.Right && b.X < a.Right && a.Y < b.Bottom && b.Y < a.Bottom);
        }
    });

    [Fact]
    public void A_table_stands_right_of_all_tables_that_are_nearer_to_the_root() => RandomDecisions.Hold(decisions =>
        Assert.All(SvgColumns.Place(Picture.Of(decisions)).GroupBy(b => b.Column).OrderBy(g => g.Key).Select(g => g.Select(b => b.Table.Depth).Distinct().Single()).Pairs(), p => Assert.True(p.First <= p.Second)));

    [Fact]
    public void Each_reference_has_one_line_that_runs_behind_no_box() => RandomDecisions.Hold(decisions =>
    {
        var picture = Picture.Of(decisions);
        var boxes = SvgColumns.Place(picture);
        var routes = SvgRoutes.Lead(picture, boxes);

        Assert.Equal(picture.References.Length, routes.Select(r => r.Reference).Distinct().Count());
        Assert.Equal(picture.References.Length, routes.Length);
        foreach (var route in routes)
        {
            Assert.Equal(boxes.Single(b => b.Table.Name == route.Reference.Table).LineY(route.Reference), route.Y);
            // Curves are between columns, straight parts in the gaps.
            foreach (var (from, to) in Points(route.Path).Pairs())
            {
                var (left, right) = (Math.Min(from.X, to.X), Math.Max(from.X, to.X));
                var (top, bottom) = (Math.Min(from.Y, to.Y), Math.Max(from.Y, to.Y));
                Assert.DoesNotContain(boxes, b => left < b.Right && b.X < right && top < b.Bottom && b.Y < bottom);
            }
        }
    });

    [Fact]
    public void It_is_a_document_of_its_own_with_every_table_and_reference_whatever_the_names() => RandomDecisions.Hold(decisions =>
    {
        var picture = Picture.Of(decisions);
        var svg = XDocument.Parse(SvgPicture.Draw(picture)).Root!;

        Assert.Equal((Svg + "svg", "img"), (svg.Name, svg.Attribute("role")!.Value));
        Assert.Equal(["title", "desc"], svg.Elements().Take(2).Select(e => e.Name.LocalName));
        Assert.Subset(new HashSet<string>(["svg", "title", "desc", "defs", "g", "rect", "path", "circle", "text", "use"], StringComparer.Ordinal), svg.DescendantsAndSelf().Select(e => e.Name.LocalName).ToHashSet(StringComparer.Ordinal));
        Assert.All(svg.Descendants().Attributes("href"), a => Assert.Contains(svg.Descendants(), e => $"#{e.Attribute("id")?.Value}" == a.Value));
        Assert.Equal(picture.References.Length, svg.Descendants(Svg + "path").Count(p => p.Element(Svg + "title") is not null));
        var titles = svg.Descendants(Svg + "title").Select(t => t.Value).ToHashSet(StringComparer.Ordinal);
        Assert.All(picture.Tables, t => Assert.Contains(titles, text => text.StartsWith(PictureText.OneLine(t.Name), StringComparison.Ordinal)));
        Assert.All(picture.References.SelectMany(r => r.Constraints), c => Assert.Contains(titles, text => text.Contains(PictureText.OneLine(c.Name), StringComparison.Ordinal)));
    });

    [Fact]
    public void Tooltips_name_constraints_rules_and_marks()
    {
        var svg = XDocument.Parse(SvgPicture.Draw(PictureTests.Draw(TestCatalog.Of("posts.user_id? → users, RESTRICT", "likes.user_id → users, CASCADE"), "references: { posts.user_id: { action: retain, reason: tax law } }")));

        Assert.Equal(
            ["likes.user_id → users (fk1): CASCADE, no index", "posts.user_id → users (fk0): RESTRICT, retain, blocks, no index (tax law)"],
            svg.Descendants(Svg + "path").Elements(Svg + "title").Select(t => t.Value).Order(StringComparer.Ordinal));
        Assert.Contains(svg.Descendants(Svg + "title"), t => t.Value == "public.posts, stays");
    }

    [Fact]
    public async Task All_tables_of_ZivoHealth_are_in_it()
    {
        await using var database = new TestDatabase(await TestServer.ZivoHealthAsync());

        await HasAllTablesAsync(database, PolicyReader.Read(ZivoHealth.Deployment.Policy, null), 100);
    }

    public static TheoryData<string> Names => [.. SharedSchemas.Names.DefaultIfEmpty("none")];

    [Theory, MemberData(nameof(Names))]
    public async Task All_tables_of_a_real_applications_schema_are_in_it(string name)
    {
        if (SharedSchemas.Missing() is { } reason) Assert.Skip(reason);
        await using var database = new TestDatabase(await TestServer.EmptyAsync());
        await SharedSchemas.BuildAsync(name, database.ConnectionString);

        await HasAllTablesAsync(database, new PolicyFile { Root = QualifiedName.Parse(SharedSchemas.Root(name)) }, 1);
    }

    private static async Task HasAllTablesAsync(TestDatabase database, PolicyFile policy, int atLeast)
    {
        var decisions = Decisions.Of(await database.CatalogAsync(), policy);
        var texts = XDocument.Parse(SvgPicture.Draw(Picture.Of(decisions))).Descendants(Svg + "text").Select(t => t.Value).ToHashSet(StringComparer.Ordinal);

        Assert.True(decisions.Reach.Tables.Length >= atLeast);
        Assert.All(decisions.Reach.Tables, t => Assert.Contains(texts, text => text == t.Table.Name.Display(decisions.Schema) || (text.EndsWith('…') && t.Table.Name.Display(decisions.Schema).StartsWith(text[..^1], StringComparison.Ordinal))));
        Assert.All(decisions.All.Where(d => d.Reference.Columns is [{ Length: < 30 }]), d => Assert.Contains(d.Reference.Columns[0], texts));
    }

    /// <summary>The ends of a path's parts.</summary>
    private static IEnumerable<(int X, int Y)> Points(string path)
    {
        var y = 0;
        foreach (Match part in Part().Matches(path))
        {
            var numbers = part.Groups["numbers"].Value.Split(' ').Select(int.Parse).ToList();
            if (part.Value[0] != 'H') y = numbers[^1];
            yield return (part.Value[0] == 'H' ? numbers[0] : numbers[^2], y);
        }
    }

    [GeneratedRegex("[MHC](?<numbers>[-0-9 ]+)", RegexOptions.ExplicitCapture)]
    private static partial Regex Part();
}
