using Expunge.Policy;
using Expunge.Postgres;
using Xunit;

namespace Expunge.Tests.Policy;

public sealed class PolicyReaderTests
{
    private const string Complete = """
        # yaml-language-server: $schema=expunge.schema.json
        root: public.users
        revision: 067
        name: fix_cascade_delete_constraints
        default: cascade                     # for a reference not named below
        require_backup: 24h
        references:
          patient_health_records.recorded_by: set null
          invoices.user_id: { action: retain, reason: "tax law, 10 years" }
          audit.events.(tenant, actor): { action: reassign, key: "0" }
          posts.author_id: { reassign: 0 }
          notes.author_id: "reassign: 0"
          drafts.author_id:
            reassign: 0
        soft_references:
          audit_events.actor_id: delete
          opentelemetry_traces.user_id: { action: delete, enforce: true }
        tables:
          Raw data: [vitals_raw_data, lab.nutrition_raw_data]
          Legacy: { optional: true, tables: [nutrition_logs, vitals] }
        """;

    [Fact]
    public void Everything_that_a_policy_can_say_is_read()
    {
        var policy = PolicyReader.Read(Complete, "expunge.yaml");

        Assert.Equal(new QualifiedName("public", "users"), policy.Root);
        Assert.Equal(("067", "fix_cascade_delete_constraints", PolicyAction.Cascade), (policy.Revision, policy.Name, policy.Default));
        Assert.Equal(TimeSpan.FromHours(24), policy.RequireBackup);
        Assert.Equal("expunge.yaml", policy.Path);
        Assert.Equal(
            [
                "public.patient_health_records.recorded_by set null   8:3",
                "public.invoices.user_id retain tax law, 10 years  9:3",
                "audit.events.(tenant, actor) reassign  0 10:3",
                "public.posts.author_id reassign  0 11:3",
                "public.notes.author_id reassign  0 12:3",
                "public.drafts.author_id reassign  0 13:3",
            ],
            policy.References.Select(r => $"{r.Key} {r.Action.Word()} {r.Reason} {r.ReassignTo} {r.Location}"));
        Assert.Equal(
            [new(new("public", "audit_events"), "actor_id", false, new(16, 3)), new(new("public", "opentelemetry_traces"), "user_id", true, new(17, 3))],
            policy.SoftReferences);
        Assert.Equal(
            ["Raw data False public.vitals_raw_data, lab.nutrition_raw_data", "Legacy True public.nutrition_logs, public.vitals"],
            policy.Tables.Select(group => $"{group.Title} {group.Optional} {string.Join(", ", group.Tables)}"));
    }

    [Fact]
    public void Columns_are_read_as_they_are_named_in_the_catalog()
    {
        var columns = PolicyReader.Read("root: users\ncolumns:\n  show: [E-Mail, '\"a.b\"']\n  search: []\n  is_active: Active\n  is_tobe_deleted: gone\n", null).Columns!;

        Assert.Equal([new("E-Mail", new(3, 10)), new("a.b", new(3, 18))], columns.Show);
        Assert.Empty(columns.Search!.Value);
        Assert.Equal(("Active", "gone", null), (columns.IsActive!.Name, columns.IsToBeDeleted!.Name, columns.DeleteDate?.Name));
    }

    [Fact]
    public void A_root_is_enough()
    {
        var policy = PolicyReader.Read("root: app.accounts", null);

        Assert.Equal(("001", "delete_accounts", PolicyAction.Cascade, null), (policy.Revision, policy.Name, policy.Default, policy.RequireBackup));
        Assert.Empty(policy.References);
        Assert.Null(policy.Columns);
        Assert.Null(policy.Path);
    }

    [Fact]
    public void Names_without_a_schema_are_in_the_roots_schema_wherever_the_root_stands()
    {
        var policy = PolicyReader.Read("references: { posts.author: cascade, public.posts.author: keep }\ntables: { All: [posts] }\nroot: app.users", null);

        Assert.Equal(["app.posts.author", "public.posts.author"], policy.References.Select(r => r.Key.ToString()));
        Assert.Equal(new QualifiedName("app", "posts"), Assert.Single(Assert.Single(policy.Tables).Tables));
    }

    [Fact]
    public void Names_are_literal_and_quoted_parts_may_hold_dots() =>
        Assert.Equal(
            new ReferenceKey(new("Odd.Schema", "Orders"), ["Buyer"]),
            Assert.Single(PolicyReader.Read("root: users\nreferences:\n  '\"Odd.Schema\".Orders.Buyer': cascade", null).References).Key);

    [Theory]
    [InlineData("90m", 90)]
    [InlineData("24h", 1440)]
    [InlineData("7d", 10080)]
    public void A_duration_is_a_number_and_a_unit(string text, int minutes) =>
        Assert.Equal(TimeSpan.FromMinutes(minutes), PolicyReader.Read($"root: users\nrequire_backup: {text}", null).RequireBackup);

    [Fact]
    public void A_byte_order_mark_and_windows_line_ends_are_no_difference() =>
        Assert.Equal(PolicyReader.Read(Complete, null).Hash, PolicyReader.Read("\uFEFF" + Complete.ReplaceLineEndings("\r\n"), null).Hash);

    [Fact]
    public void A_file_that_is_not_there_points_to_init()
    {
        var e = Assert.Throws<ExpungeException>(() => PolicyReader.Load("/nowhere/expunge.yaml"));

        Assert.Equal((ErrorCodes.PolicyNotFound, "The policy file '/nowhere/expunge.yaml' does not exist."), (e.Code, e.Message));
        Assert.Contains("expunge init", e.NextStep, StringComparison.Ordinal);
    }

    [Fact]
    public void A_file_that_is_not_text_is_refused()
    {
        var path = Path.GetTempFileName();
        try
        {
            File.WriteAllBytes(path, [0x72, 0xC3, 0x28]);
            Assert.Contains("UTF-8", Assert.Throws<ExpungeException>(() => PolicyReader.Load(path)).Message, StringComparison.Ordinal);
            Assert.Equal(ErrorCodes.PolicyInvalid, Assert.Throws<ExpungeException>(() => PolicyReader.Load(Path.GetTempPath())).Code);
            File.WriteAllText(path, "root: users");
            Assert.Equal(path, PolicyReader.Load(path).Path);
        }
        finally
        {
            File.Delete(path);
        }
    }
}
