using Expunge.Policy;
using Expunge.Postgres;
using Expunge.Testing;
using Expunge.Tests.Schemas;
using Expunge.Verification;
using Xunit;

namespace Expunge.Tests.Verification;

/// <summary>
/// The search on the schemas of real applications, read by people first. They hold the rows of two users, in which columns without a foreign key are NULL or, where NOT NULL, invented; so the names decide most of it, and a second
/// look is taken when the columns that are references hold keys.
/// </summary>
public sealed class SoftSchemasTests
{
    private static readonly Dictionary<string, Expected> All = new(StringComparer.Ordinal)
    {
        // Missed: UserFeatures.assignedBy is a text that says who assigned it, in no form that its name tells. Rightly not: Booking.cancelledBy and rescheduledBy hold addresses, App_RoutingForms_FormResponse.formFillerId is random.
        ["calcom"] = new(
            Found: ["likely Feature.updatedBy"],
            Suspected: ["Feature.updatedBy"],
            References: ["Feature.updatedBy"],
            WithKeys: ["likely Feature.updatedBy"]),

        // The foreign key of chats_users.user_id was put on chat_id by mistake. Possible only, because the values are invented.
        ["gentlemen"] = new(
            Found: ["possible chats_users.user_id"],
            Suspected: ["chats_users.user_id"],
            References: ["chats_users.user_id"],
            WithKeys: ["likely chats_users.user_id"]),

        // Every reference has a foreign key.
        ["hexpm"] = new([], [], [], []),

        // False: slack_integrations.bot_user_id is Slack's user, in_app_agent_conversations.provider_session_id the provider's session. Both are merely possible; bot_user_id is suspected by its name.
        // Possible only, because the values are invented: batch_actions.user_id, batch_exports.user_id, prompts.created_by. Rightly not: surveys.user_email.
        ["langfuse"] = new(
            Found:
            [
                "likely comments.author_user_id", "possible batch_actions.user_id", "possible batch_exports.user_id", "possible slack_integrations.bot_user_id", "possible prompts.created_by",
                "possible in_app_agent_conversations.provider_session_id → Session (not declarable)",
            ],
            Suspected: ["batch_actions.user_id", "batch_exports.user_id", "comments.author_user_id", "prompts.created_by", "slack_integrations.bot_user_id"],
            References: ["batch_actions.user_id", "batch_exports.user_id", "comments.author_user_id", "prompts.created_by"],
            WithKeys:
            [
                "likely batch_actions.user_id", "likely batch_exports.user_id", "likely comments.author_user_id", "likely prompts.created_by", "possible slack_integrations.bot_user_id",
                "possible in_app_agent_conversations.provider_session_id → Session (not declarable)",
            ]),

        // Missed: admin_action_logs.target_id, tagged_objects.object_id and notifications.activity_id, whose *_type says what they lead to; arrays of statuses (announcements.status_ids).
        ["mastodon"] = new(
            Found: ["likely account_conversations.participant_account_ids (not declarable)", "likely conversations.parent_account_id", "possible conversations.parent_status_id → statuses (not declarable)"],
            Suspected: ["conversations.parent_account_id"],
            References: ["account_conversations.participant_account_ids", "conversations.parent_account_id"],
            WithKeys: ["likely account_conversations.participant_account_ids (not declarable)", "likely conversations.parent_account_id", "possible conversations.parent_status_id → statuses (not declarable)"]),

        // Missed: message.stream_subject, a user or a group as stream_mode says. Rightly not: users_notes.create_id and update_id are users of the console, in no table here. The sender's values are invented.
        ["nakama"] = new(
            Found: ["possible notification.sender_id"],
            Suspected: ["notification.sender_id"],
            References: ["notification.sender_id"],
            WithKeys: ["strong notification.sender_id"]),

        // Missed: issues.reportable_id, a user, a note or a diary entry as reportable_type says.
        ["openstreetmap"] = new([], [], [], []),
    };

    public static TheoryData<string> Names => [.. SharedSchemas.Names.DefaultIfEmpty("none")];

    [Theory, MemberData(nameof(Names))]
    public async Task Each_miss_and_each_false_one_is_known(string name)
    {
        if (SharedSchemas.Missing() is { } reason) Assert.Skip(reason);
        await using var database = new TestDatabase(await TestServer.EmptyAsync());
        var policy = new PolicyFile { Root = QualifiedName.Parse(SharedSchemas.Root(name)) };
        await SharedSchemas.BuildAsync(name, database.ConnectionString);
        await SharedSchemas.FillAsync(policy.Root.Sql, database.ConnectionString);
        var expected = All[name];

        var report = await database.SoftAsync(policy);
        Assert.Equal(expected.Found, report.Lines());
        Assert.Equal(expected.Suspected, report.Suspected());
        Assert.Empty(report.Unread);

        foreach (var column in expected.References) await HoldKeysAsync(database, report, ReferenceKey.Parse(column, policy.Root.Schema));
        Assert.Equal(expected.WithKeys, (await database.SoftAsync(policy)).Lines());
    }

    /// <summary>The first row gets the first user's key, the second the second's; of an array every row gets all.</summary>
    private static Task HoldKeysAsync(TestDatabase database, SoftReport report, ReferenceKey column)
    {
        var root = report.Decisions.Reach.Root;
        var key = Identifier.Quote(root.PrimaryKey.Single());
        var (table, target) = (report.Decisions.Catalog.Table(column.Table), Identifier.Quote(column.Columns[0]));
        return database.ExecuteAsync(table.Column(column.Columns[0])!.Type.EndsWith("[]", StringComparison.Ordinal)
            ? $"UPDATE {table.Name.Sql} SET {target} = (SELECT array_agg({key}) FROM {root.Name.Sql})"
            : $"""
               UPDATE {table.Name.Sql} t SET {target} = u.key FROM (SELECT ctid AS at, row_number() OVER () AS n FROM {table.Name.Sql}) r JOIN (SELECT {key} AS key, row_number() OVER (ORDER BY {key}) AS n FROM {root.Name.Sql}) u USING (n)
                WHERE t.ctid = r.at
               """);
    }

    /// <param name="Found">What is found in the rows of two users.</param>
    /// <param name="Suspected">What the catalog alone makes suspicious.</param>
    /// <param name="References">The columns that are references to the root, but for those that the comment calls missed.</param>
    /// <param name="WithKeys">What is found when these hold keys.</param>
    private sealed record Expected(string[] Found, string[] Suspected, string[] References, string[] WithKeys);
}
