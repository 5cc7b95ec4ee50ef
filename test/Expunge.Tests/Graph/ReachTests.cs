using Expunge.Catalog;
using Expunge.Graph;
using Xunit;

namespace Expunge.Tests.Graph;

public sealed class ReachTests
{
    [Fact]
    public void A_table_behind_another_is_reached_with_its_path()
    {
        var catalog = TestCatalog.Of("sessions.user_id → users", "messages.session_id → sessions", "attachments.message_id → messages", "orders.customer_id → customers");
        var reach = All(catalog);

        Assert.Equal(["users 0", "sessions 1", "messages 2", "attachments 3"], reach.Tables.Select(t => $"{t.Table.Name.Name} {t.Depth}"));
        Assert.Equal(["attachments.message_id", "messages.session_id", "sessions.user_id"], reach.PathFrom(catalog.Table("attachments")).Select(r => r.Display("public")));
    }

    [Fact]
    public void The_reach_ends_where_a_reference_does_not_delete_but_the_reference_is_known()
    {
        var catalog = TestCatalog.Of("posts.editor_id? → users, SET NULL", "comments.post_id → posts");
        var reach = Reach.Of(new ReferenceGraph(catalog), catalog.Table("users"), r => r.Constraints[0].OnDelete != ReferentialAction.SetNull);

        Assert.Equal(["users"], reach.Tables.Select(t => t.Table.Name.Name));
        Assert.Equal(["posts.editor_id"], reach.References.Select(r => r.Display("public")));
    }

    [Fact]
    public void A_cycle_and_a_self_reference_end()
    {
        var catalog = TestCatalog.Of("sessions.user_id → users", "sessions.last_message_id? → messages", "messages.session_id → sessions", "messages.answer_to? → messages");
        var reach = All(catalog);

        Assert.Equal(["users", "sessions", "messages"], reach.Tables.Select(t => t.Table.Name.Name));
        Assert.Equal(4, reach.References.Length);
        Assert.Equal(["messages.session_id", "sessions.user_id"], reach.PathFrom(catalog.Table("messages")).Select(r => r.Display("public")));
    }

    [Fact]
    public void Two_constraints_on_the_same_columns_are_one_reference()
    {
        var reference = Assert.Single(new ReferenceGraph(TestCatalog.Of("posts.user_id → users", "posts.user_id → users, CASCADE")).References);

        Assert.Equal(["fk0", "fk1"], reference.Constraints.Select(f => f.Name));
    }

    [Fact]
    public void A_table_is_shared_when_two_columns_lead_there_and_the_root_when_anything_leads_back()
    {
        var catalog = TestCatalog.Of("posts.user_id → users", "posts.editor_id → users", "notes.user_id → users", "users.referred_by? → users");

        Assert.Equal(["users", "posts"], All(catalog).Tables.Where(t => t.IsShared).Select(t => t.Table.Name.Name));
    }

    [Theory]
    [InlineData(true, null, "a", "b")]
    [InlineData(true, null, "b", "a", "c")]
    [InlineData(false, null, "a")]
    [InlineData(false, null, "c", "a", "b")]
    [InlineData(true, "(a IS NOT NULL)", "a", "b")]
    [InlineData(false, "(deleted_at IS NULL)", "a", "b")]
    public void An_index_supports_a_key_when_it_leads_with_its_columns_and_leaves_no_row_out(bool supports, string? predicate, params string[] columns) =>
        Assert.Equal(supports, new TableIndex("i", [.. columns], "btree", IsUnique: false, IsPrimary: false, IsValid: true, predicate).Supports(["a", "b"]));

    [Fact]
    public void An_index_that_a_failed_build_left_behind_supports_nothing() =>
        Assert.False(new TableIndex("i", ["a"], "btree", IsUnique: false, IsPrimary: false, IsValid: false, Predicate: null).Supports(["a"]));

    private static Reach All(CatalogSnapshot catalog) => Reach.Of(new ReferenceGraph(catalog), catalog.Table("users"), _ => true);
}
