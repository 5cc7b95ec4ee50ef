using Expunge.Catalog;
using Expunge.Pictures;
using Expunge.Policy;
using Expunge.Postgres;
using Expunge.Tests.Graph;
using Xunit;

namespace Expunge.Tests.Pictures;

public sealed class PictureTests
{
    [Fact]
    public void Every_reference_of_the_reach_is_there_once_and_leads_from_a_table_to_a_table_of_the_picture() => RandomDecisions.Hold(decisions =>
    {
        var picture = Picture.Of(decisions);

        Assert.Equal(
            decisions.All.Select(d => $"{d.Reference.Table}.{string.Join(',', d.Reference.Columns)} {d.Reference.ReferencedTable}").Concat(decisions.SoftReferences.Select(s => $"{s.Table}.{s.Column.Name} {decisions.Reach.Root}")).Order(StringComparer.Ordinal),
            picture.References.Select(r => $"{r.Table}.{string.Join(',', r.Columns)} {r.ReferencedTable}").Order(StringComparer.Ordinal));
        var tables = picture.Tables.Select(t => t.Name).ToList();
        Assert.Equal(tables.Distinct(StringComparer.Ordinal), tables);
        Assert.Equal(tables.Order(StringComparer.Ordinal), picture.References.SelectMany(r => (string[])[r.Table, r.ReferencedTable]).Append(picture.Root).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal));
        Assert.Equal(decisions.Reach.Tables.Select(t => (t.Table.Name.ToString(), t.Depth, t.IsShared)), picture.Tables.Where(t => t.LosesRows).Select(t => (t.Name, t.Depth, t.IsShared)));
        Assert.All(picture.Tables.Skip(1), t => Assert.Contains(picture.References, r => r.Table == t.Name && t.Depth == 1 + picture.Tables.Single(p => p.Name == r.ReferencedTable).Depth));
    });

    [Theory]
    [InlineData("posts.user_id → users", "cascade", "NO ACTION", "CASCADE", true, false, true)]
    [InlineData("posts.user_id → users, RESTRICT", "cascade", "RESTRICT", "CASCADE", true, false, true)]
    [InlineData("posts.user_id → users, CASCADE", "cascade", "CASCADE", "CASCADE", false, true, true)]
    [InlineData("posts.user_id? → users, SET NULL", "cascade", "SET NULL", "CASCADE", false, false, true)]
    [InlineData("posts.user_id → users, SET NULL", "cascade", "SET NULL", "CASCADE", true, false, true)]
    [InlineData("posts.user_id? → users", "set null", "NO ACTION", "SET NULL", true, false, false)]
    [InlineData("posts.user_id? → users, SET NULL", "set null", "SET NULL", "SET NULL", false, true, false)]
    [InlineData("posts.user_id → users", "{ action: retain, reason: tax law }", "NO ACTION", "NO ACTION", true, true, false)]
    [InlineData("posts.user_id → users, CASCADE", "{ action: retain, reason: tax law }", "CASCADE", "NO ACTION", false, false, false)]
    [InlineData("posts.user_id → users", "keep", "NO ACTION", "NO ACTION", true, true, false)]
    [InlineData("posts.user_id → users, CASCADE", "keep", "CASCADE", "CASCADE", false, true, true)]
    [InlineData("posts.user_id → users", "{ reassign: 1 }", "NO ACTION", "NO ACTION", false, true, false)]
    public void A_reference_is_shown_as_it_is_and_as_it_is_to_be(string reference, string action, string now, string wanted, bool blocks, bool asPolicy, bool deletes)
    {
        var shown = Assert.Single(Draw(TestCatalog.Of(reference), $"references: {{ posts.user_id: {action} }}").References);

        Assert.Equal((now, wanted), (Assert.Single(shown.Constraints).DeleteRule, shown.Wanted));
        Assert.Equal((blocks, asPolicy, deletes), (shown.Blocks, shown.IsAsPolicy, shown.Deletes));
    }

    [Fact]
    public void Two_foreign_keys_on_the_same_columns_are_one_reference_with_both()
    {
        var shown = Assert.Single(Draw(TestCatalog.Of("posts.user_id → users", "posts.user_id → users, CASCADE")).References);

        Assert.Equal([("fk0", "NO ACTION"), ("fk1", "CASCADE")], shown.Constraints.Select(c => (c.Name, c.DeleteRule)));
        Assert.Equal((true, false), (shown.Blocks, shown.IsAsPolicy));
    }

    [Fact]
    public void A_foreign_key_that_is_not_enforced_or_whose_trigger_is_disabled_blocks_nothing_and_is_not_as_the_policy_says()
    {
        var catalog = TestCatalog.Of("posts.user_id → users", "likes.user_id → users, CASCADE", "drafts.user_id → users, CASCADE");
        var keys = catalog.ForeignKeys;
        var picture = Draw(new CatalogSnapshot(catalog.Server, catalog.Tables, [keys[0] with { Enforced = false }, keys[1] with { TriggerStates = ["action delete D"] }, keys[2] with { Validated = false }]));

        Assert.All(picture.References, r => Assert.Equal((false, false), (r.Blocks, r.IsAsPolicy)));
        Assert.Equal(["CASCADE NOT VALID", "CASCADE (trigger disabled)", "NO ACTION NOT ENFORCED"], picture.References.Select(r => r.Constraints[0].Rule));
    }

    [Fact]
    public void Shared_tables_and_undecided_references_are_known_as_such()
    {
        var catalog = TestCatalog.Of("messages.sender_id → users", "messages.recipient_id → users", "likes.user_id → users");

        var undecided = Draw(catalog);
        Assert.Equal(["messages"], undecided.Tables.Where(t => t.IsShared).Select(t => t.Label));
        Assert.Equal(["recipient_id", "sender_id"], undecided.References.Where(r => r.IsUndecided).Select(r => r.Columns[0]));
        Assert.DoesNotContain(Draw(catalog, "references: { messages.sender_id: cascade, messages.recipient_id: cascade }").References, r => r.IsUndecided);
    }

    [Theory]
    [InlineData("delete", null, true)]
    [InlineData("{ action: delete, enforce: true }", "CASCADE", false)]
    public void A_soft_reference_leads_to_the_key_of_the_root_and_has_no_foreign_key(string action, string? wanted, bool asPolicy)
    {
        var picture = Draw(TestCatalog.Of("posts.user_id → users", "events.kind → kinds", "details.event_id → events"), $"soft_references: {{ events.id: {action} }}");

        var soft = Assert.Single(picture.References, r => r.IsSoft);
        Assert.Equal(("public.events", "public.users", "id", "id", wanted, asPolicy, true), (soft.Table, soft.ReferencedTable, soft.Columns[0], soft.ReferencedColumns[0], soft.Wanted, soft.IsAsPolicy, soft.HasIndex));
        Assert.Equal(["users 0", "events 1", "posts 1", "details 2"], picture.Tables.Select(t => $"{t.Label} {t.Depth}"));
    }

    [Fact]
    public void A_table_whose_rows_stay_is_there_and_ends_the_way()
    {
        var picture = Draw(TestCatalog.Of("posts.editor_id? → users, SET NULL", "comments.post_id → posts"));

        Assert.Equal([("users", true), ("posts", false)], picture.Tables.Select(t => (t.Label, t.LosesRows)));
        Assert.Equal(PolicyAction.Keep, Assert.Single(picture.References).Action);
    }

    [Fact]
    public void A_reference_to_a_partition_leads_to_the_table_that_was_reached_and_says_through_which()
    {
        var catalog = TestCatalog.Of("events.user_id → users", "details.event_id → events_2026");
        var partitions = catalog.Tables.Select(t => t.Name.Name == "events" ? t with { IsPartitioned = true } : t.Name.Name == "events_2026" ? t with { PartitionOf = catalog.Table("events").Oid } : t);
        var picture = Draw(new CatalogSnapshot(catalog.Server, [.. partitions], catalog.ForeignKeys));

        Assert.Equal(["public.events → public.users ", "public.details → public.events public.events_2026"], picture.References.Select(r => $"{r.Table} → {r.ReferencedTable} {r.Through}"));
        Assert.Equal(["users 0", "events 1", "details 2"], picture.Tables.Select(t => $"{t.Label} {t.Depth}"));
    }

    [Fact]
    public void The_schema_of_the_root_goes_without_saying_in_labels_but_not_in_names()
    {
        var catalog = TestCatalog.Of("posts.user_id → users");
        QualifiedName Moved(QualifiedName name) => name.Name == "posts" ? new QualifiedName("other", "posts") : name;
        var picture = Draw(new CatalogSnapshot(catalog.Server, [.. catalog.Tables.Select(t => t with { Name = Moved(t.Name) })], [.. catalog.ForeignKeys.Select(f => f with { Table = Moved(f.Table) })]));

        Assert.Equal([("public.users", "users"), ("other.posts", "other.posts")], picture.Tables.Select(t => (t.Name, t.Label)));
    }

    internal static Picture Draw(CatalogSnapshot catalog, string policy = "") => Picture.Of(Decisions.Of(catalog, PolicyReader.Read($"root: users\n{policy}", null)));
}
