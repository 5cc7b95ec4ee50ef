using Expunge.Catalog;
using Expunge.Graph;
using Xunit;

namespace Expunge.Tests.Graph;

/// <summary>What the prediction says of a catalog; that it is true is tested in Schemas/PredictionTests.cs.</summary>
public sealed class PredictionTests
{
    [Fact]
    public void It_names_the_tables_that_lose_rows_the_columns_that_are_set_and_what_blocks()
    {
        var prediction = Of("sessions.user_id → users, CASCADE", "messages.session_id → sessions, CASCADE", "posts.editor_id? → users, SET NULL", "invoices.user_id → users", "lines.invoice_id → invoices", "logs.user_id → users, SET NULL", "cards.user_id → users, RESTRICT");

        Assert.Equal(["users", "sessions", "messages"], prediction.Reach.Tables.Select(t => t.Table.Name.Name));
        Assert.Equal(["logs(user_id)", "posts(editor_id)"], prediction.Effects.Where(e => e.Sets).Select(e => $"{e.Constraint.Table.Name}({string.Join(", ", e.Columns)})"));
        Assert.Equal(["cards: RESTRICT", "invoices: NO ACTION", "logs: its columns can't become NULL"], prediction.Effects.Where(e => e.Blocks).Select(e => $"{e.Constraint.Table.Name}: {string.Join(", ", e.Refusals.Select(r => r.Words()))}"));
        Assert.DoesNotContain(prediction.Effects, e => e.DependsOnOrder);
    }

    [Fact]
    public void What_stands_behind_a_reference_that_blocks_is_not_reached()
    {
        Assert.Equal(["invoices.user_id"], Of("invoices.user_id → users", "lines.invoice_id → invoices").Blocking.Select(r => r.Display("public")));
    }

    [Fact]
    public void A_row_that_can_be_deleted_and_set_depends_on_the_order()
    {
        var prediction = Of("posts.user_id → users, CASCADE", "posts.editor_id? → users, SET NULL", "notes.user_id → users, CASCADE");

        Assert.Equal(["editor_id"], prediction.Effects.Where(e => e.DependsOnOrder).Select(e => e.Reference.Columns[0]));
    }

    [Fact]
    public void A_row_that_can_be_set_twice_is_checked_against_all_its_foreign_keys()
    {
        var prediction = Of("posts.author_id? → users, SET NULL", "posts.editor_id? → users, SET NULL", "posts.blog_id → blogs");

        Assert.Equal(["author_id", "editor_id", "blog_id"], prediction.Effects.Where(e => e.Event == ForeignKeyEvent.RowChanged).Select(e => e.Reference.Columns[0]));
        Assert.Empty(prediction.Blocking);
    }

    [Fact]
    public void A_foreign_key_that_is_not_enforced_or_whose_trigger_is_disabled_does_nothing()
    {
        var catalog = TestCatalog.Of("posts.user_id → users, CASCADE", "notes.user_id → users");
        var prediction = Prediction.Of(
            new CatalogSnapshot(catalog.Server, catalog.Tables, [catalog.ForeignKeys[0] with { Enforced = false }, catalog.ForeignKeys[1] with { Triggers = [new(1, "t", ForeignKeyEvent.ReferencedRowDeleted, IsEnabled: false)] }]),
            catalog.Table("users"));

        Assert.Equal(["users"], prediction.Reach.Tables.Select(t => t.Table.Name.Name));
        Assert.Equal([(false, 0), (false, 0)], prediction.Effects.Select(e => (e.Fires, e.Refusals.Length)));
    }

    private static Prediction Of(params string[] references)
    {
        var catalog = TestCatalog.Of(references);
        return Prediction.Of(catalog, catalog.Table("users"));
    }
}
