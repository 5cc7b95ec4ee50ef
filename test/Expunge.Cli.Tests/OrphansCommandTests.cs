using System.Text.Json;
using Expunge.Testing;
using Xunit;

namespace Expunge.Cli.Tests;

/// <summary><c>expunge orphans</c> and <c>expunge shared</c>.</summary>
public sealed class OrphansCommandTests
{
    private const string Schema =
        """
        CREATE TABLE notes (id integer PRIMARY KEY, user_id integer, post_id integer REFERENCES posts ON DELETE CASCADE);
        INSERT INTO notes VALUES (1, 1, 11), (2, 7, 21);
        ALTER TABLE notes ADD FOREIGN KEY (user_id) REFERENCES users NOT VALID;
        """;

    [Fact]
    public async Task Orphans_are_shown_confirmed_and_repaired_and_then_there_are_none()
    {
        using var blog = await CreateAsync();
        var before = await blog.StateAsync();

        var found = await blog.RunAsync("orphans");
        Assert.Equal(1, found.ExitCode);
        Assert.Contains("❌  notes.user_id  users       1        NOT VALID\n", found.Output, StringComparison.Ordinal);
        Assert.Contains("  id = 2: user_id = 7\n", found.Output, StringComparison.Ordinal);
        Assert.EndsWith("❌ 1 row(s) of 1 reference(s) refer to rows that do not exist.\n", found.Output, StringComparison.Ordinal);
        var asked = await blog.RunAsync("orphans", "--fix", "delete");
        Assert.Equal(2, asked.ExitCode);
        Assert.Contains("Delete 1 row(s) of postgres@", asked.Error, StringComparison.Ordinal);
        Assert.Contains("EXP1105", asked.Error, StringComparison.Ordinal);
        Assert.Equal(before, await blog.StateAsync());

        var repaired = await blog.RunAsync("orphans", "--fix", "set-null", "--yes", "--reference", "notes.user_id");
        Assert.True(repaired.ExitCode == 0, repaired.ToString());
        Assert.EndsWith("Sets user_id of 1 row(s) of notes to NULL.\n✅ Set to NULL 1 row(s) of notes.user_id.\n", repaired.Output, StringComparison.Ordinal);
        Assert.Equal(0, (await blog.RunAsync("orphans", "--fix", "set-null", "--yes")).ExitCode);
        Assert.Equal(0, (await blog.RunAsync("orphans", "--all")).ExitCode);
    }

    [Fact]
    public async Task The_message_of_upgrade_names_the_command_that_shows_the_orphans_and_with_it_the_upgrade_is_done()
    {
        using var blog = await CreateAsync("root: users\nreferences: { notes.user_id: cascade, notes.post_id: cascade }\n");

        var refused = await blog.RunAsync("upgrade", "--yes");
        Assert.Equal(1, refused.ExitCode);
        Assert.Contains("expunge orphans --reference public.notes.user_id  ", refused.Output + refused.Error, StringComparison.Ordinal);

        Assert.Equal(0, (await blog.RunAsync("orphans", "--reference", "public.notes.user_id", "--fix", "delete", "--yes")).ExitCode);
        Assert.Equal(0, (await blog.RunAsync("upgrade", "--yes")).ExitCode);
    }

    [Fact]
    public async Task With_json_there_is_one_document_of_a_stable_shape()
    {
        using var blog = await CreateAsync();

        var found = await JsonAsync(blog, 1, "orphans", "--json");
        Assert.Equal((1, false, JsonValueKind.Null), (found.GetProperty("rows").GetInt32(), found.GetProperty("ok").GetBoolean(), found.GetProperty("fix").ValueKind));
        var line = found.GetProperty("lines").EnumerateArray().Single(l => l.GetProperty("reference").GetString() == "notes.user_id");
        Assert.Equal(["reference", "table", "references", "declared", "provedBy", "rows", "notCounted", "examples"], line.EnumerateObject().Select(p => p.Name));
        Assert.Equal("""{"row":{"columns":["id"],"values":["2"]},"missing":{"columns":["user_id"],"values":["7"]}}""", JsonSerializer.Serialize(line.GetProperty("examples")[0]));
        var repaired = await JsonAsync(blog, 0, "orphans", "--fix", "delete", "--yes", "--json");
        Assert.Equal("""{"reference":"notes.user_id","fixed":1,"also":[],"refusals":[],"left":0}""", JsonSerializer.Serialize(repaired.GetProperty("fixed")[0]));
        Assert.Equal(("delete", true), (repaired.GetProperty("fix").GetString(), repaired.GetProperty("ok").GetBoolean()));

        await TestServer.ExecuteAsync(blog.ConnectionString, "INSERT INTO notes VALUES (3, 2, 11)");
        var shared = await JsonAsync(blog, 1, "shared", "--json");
        var pair = Assert.Single(shared.GetProperty("pairs").EnumerateArray());
        Assert.Equal(("notes", 1, false), (pair.GetProperty("table").GetString(), pair.GetProperty("rows").GetInt32(), pair.GetProperty("isDecided").GetBoolean()));
        Assert.Equal("cascade", pair.GetProperty("first").GetProperty("effects")[0].GetProperty("action").GetString());
    }

    [Fact]
    public async Task Rows_of_two_users_are_told_with_what_each_action_does_until_they_are_decided()
    {
        using var blog = await CreateAsync();
        await TestServer.ExecuteAsync(blog.ConnectionString, "INSERT INTO notes VALUES (3, 2, 11)");

        var undecided = await blog.RunAsync("shared");
        Assert.Equal(1, undecided.ExitCode);
        Assert.Contains("❌ notes.user_id and notes.post_id: 1 row(s) of two users\n     id = 3: user 2, user 1\n   notes.user_id is cascade (the default): deleting user 2 deletes 1 row(s) that by post_id are of 1 other user(s)\n", undecided.Output, StringComparison.Ordinal);
        await File.WriteAllTextAsync(blog.Policy.Path, "root: users\nreferences: { notes.user_id: cascade, notes.post_id: set null }\n", TestContext.Current.CancellationToken);
        var decided = await blog.RunAsync("shared", "--sample", "--limit", "0");

        Assert.True(decided.ExitCode == 0, decided.ToString());
        Assert.DoesNotContain("id = 3", decided.Output, StringComparison.Ordinal);
        Assert.Contains("   notes.post_id is set null (named in the policy): the rows stay with the user(s) of user_id", decided.Output, StringComparison.Ordinal);
        Assert.EndsWith("✅ 1 pair(s) of references have rows of two users; each is decided.\n", decided.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_the_role_may_not_read_is_said_to_be_not_counted()
    {
        using var blog = await CreateAsync("root: users\nreferences: { notes.user_id: cascade, notes.post_id: set null }\n");
        await TestServer.ExecuteAsync(blog.ConnectionString, "DO $$ BEGIN CREATE ROLE orphans_cli LOGIN PASSWORD 'orphans'; EXCEPTION WHEN duplicate_object THEN NULL; END $$");
        var to = new Npgsql.NpgsqlConnectionStringBuilder(blog.ConnectionString) { Username = "orphans_cli", Password = "orphans" }.ConnectionString;

        var orphans = await ExpungeProcess.RunAsync(["orphans", "--database", to], directory: blog.Policy.Folder);
        Assert.Equal(1, orphans.ExitCode);
        Assert.EndsWith("⚠️  1 reference(s) were not counted, for the reasons above. Where time ran out: --timeout, or one by one with --reference.\n", orphans.Output, StringComparison.Ordinal);
        var shared = await ExpungeProcess.RunAsync(["shared", "--database", to], directory: blog.Policy.Folder);
        Assert.Equal(0, shared.ExitCode);
        Assert.StartsWith("⚠️  notes.user_id and notes.post_id: not counted, permission denied for table ", shared.Output, StringComparison.Ordinal);
        Assert.EndsWith("⚠️  1 pair(s) of references were not counted, for the reasons above; each is decided. Where time ran out: --timeout, or --sample.\n", shared.Output, StringComparison.Ordinal);
        var undecided = await ExpungeProcess.RunAsync(["shared", "--root", "users", "--database", to]);
        Assert.Equal(1, undecided.ExitCode);
        Assert.EndsWith("❌ 1 of 1 pair(s) that have rows of two users, or were not counted, are undecided: name them under 'references'; expunge init suggests.\n", undecided.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("orphans", "--fix", "repair")]
    [InlineData("orphans", "--limit", "-1")]
    [InlineData("orphans", "--timeout", "soon")]
    [InlineData("orphans", "--reference", "notes.nobody")]
    [InlineData("orphans", "--reference", "notes")]
    [InlineData("shared", "--limit", "many")]
    public async Task What_is_no_way_to_say_it_is_refused(params string[] args)
    {
        using var blog = await CreateAsync();

        Assert.Equal(2, (await blog.RunAsync(args)).ExitCode);
    }

    private static async Task<BlogDatabase> CreateAsync(string policy = "root: users\n")
    {
        var blog = await BlogDatabase.CreateAsync(policy);
        await TestServer.ExecuteAsync(blog.ConnectionString, Schema);
        return blog;
    }

    private static async Task<JsonElement> JsonAsync(BlogDatabase blog, int exitCode, params string[] args)
    {
        var result = await blog.RunAsync(args);
        Assert.True(result.ExitCode == exitCode, $"{string.Join(' ', args)}: {result}");
        using var document = JsonDocument.Parse(result.Output);
        return document.RootElement.Clone();
    }
}
