using Expunge.Policy;
using Expunge.Tests.Graph;
using Xunit;

namespace Expunge.Tests.Policy;

public sealed class SuggestionTests
{
    [Fact]
    public void A_row_goes_with_its_mandatory_owner_and_outlives_who_acted_on_it() =>
        Suggests(["records.recorded_by: set null", "records.user_id: cascade"], "records.user_id → users", "records.recorded_by? → users");

    [Fact]
    public void Deleting_one_subject_never_deletes_another() =>
        Suggests(["users.referred_by: set null", "users.team_id: retain"], "teams.owner_id → users", "users.referred_by? → users", "users.team_id → teams");

    [Fact]
    public void A_nullable_owner_is_told_by_its_name() =>
        Suggests(["posts.approver: set null", "posts.user_id: cascade"], "posts.approver? → users", "posts.user_id? → users");

    [Fact]
    public void A_row_that_is_one_of_several_things_goes_with_each() =>
        Suggests(["files.note_id: cascade", "files.post_id: cascade"], "posts.user_id → users", "notes.user_id → users", "files.post_id? → posts", "files.note_id? → notes");

    [Fact]
    public void What_only_hangs_together_with_itself_is_still_reached_from_the_root() =>
        Suggests(["sessions.last_id: cascade", "sessions.user_id: cascade"], "sessions.user_id? → users", "sessions.last_id → messages", "messages.session_id → sessions");

    [Fact]
    public void An_existing_set_null_is_somebodys_decision_and_needs_none() =>
        Suggests([], "posts.user_id → users", "posts.editor_id? → users, SET NULL");

    private static void Suggests(string[] expected, params string[] references)
    {
        var catalog = TestCatalog.Of(references);
        var root = catalog.Table("users");
        var suggestions = Suggestions.For(catalog, root);
        Assert.Equal(expected, suggestions.Select(s => $"{s.Reference.Display("public")}: {s.Action.Word()}").Order(StringComparer.Ordinal));

        // What init writes can be applied as it is: nothing is left undecided.
        var policy = PolicyReader.Read(PolicyDraft.Write(catalog, root, suggestions, new Dictionary<Expunge.Graph.Reference, long?>()), "expunge.yaml");
        Assert.Empty(Decisions.Of(catalog, policy).Undecided);
    }
}
