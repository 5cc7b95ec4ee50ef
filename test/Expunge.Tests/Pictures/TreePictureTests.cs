using Expunge.Pictures;
using Expunge.Policy;
using Expunge.Postgres;
using Expunge.Tests.Graph;
using Xunit;

namespace Expunge.Tests.Pictures;

public sealed class TreePictureTests
{
    [Fact]
    public void Each_table_stands_below_the_one_it_is_reached_from_first_and_cycles_end()
    {
        var tree = TreePicture.Draw(PictureTests.Draw(
            TestCatalog.Of("sessions.user_id → users", "sessions.last_message_id? → messages, SET NULL", "messages.session_id → sessions, CASCADE", "messages.user_id → users", "files.message_id → messages", "users.referred_by? → users"),
            "references: { users.referred_by: set null, messages.session_id: cascade, messages.user_id: cascade }\nsoft_references: { files.id: delete }"));

        Assert.Equal(
            """
            users
            ├─ files.id                       no foreign key        soft, shared
            ├─ messages.user_id               NO ACTION → CASCADE   ❌ blocks, no index, shared
            │  ├─ files.message_id ↩          NO ACTION → CASCADE   ❌ blocks, undecided, no index
            │  └─ sessions.last_message_id ↩  SET NULL, keep        no index
            ├─ sessions.user_id               NO ACTION → CASCADE   ❌ blocks, no index
            │  └─ messages.session_id ↩       CASCADE               no index
            └─ users.referred_by ↩            NO ACTION → SET NULL  ❌ blocks, no index

            4 tables, 6 references, 1 soft reference; 4 references block a deletion today.
              blocks: rows that refer refuse a deletion today (4)
              undecided: a row can belong to two users, and the policy does not say what happens to it (1)
              no index: no index finds its rows: each deleted row reads the whole table (6)
              soft: a column that holds keys without a foreign key (1)
              shared: a row of the table can belong to two users (2)
              ↩: reached by this reference too; it stands where the way to it is shortest (4)

            """,
            tree);
    }

    [Fact]
    public void Names_that_are_all_too_long_to_be_aligned_are_not()
    {
        var name = new string('u', 63);

        var tree = TreePicture.Draw(Picture.Of(Decisions.Of(TestCatalog.Of($"{name}.{name}? → {name}, SET NULL"), new PolicyFile { Root = new QualifiedName("public", name) })));

        Assert.StartsWith($"{name}\n└─ {name}.{name} ↩  SET NULL, keep  no index\n", tree, StringComparison.Ordinal);
    }

    [Fact]
    public void Every_reference_has_one_line_and_every_table_is_opened_once_whatever_the_names() => RandomDecisions.Hold(decisions =>
    {
        var picture = Picture.Of(decisions);
        var lines = TreePicture.Draw(picture).Split('\n').TakeWhile(l => l.Length > 0).ToList();

        Assert.Equal(picture.References.Length + 1, lines.Count);
        Assert.Equal(picture.Tables.Length, lines.Count(l => !l.Contains('↩', StringComparison.Ordinal)));
        Assert.All(lines, l => Assert.DoesNotContain(l, char.IsControl));
    });
}
