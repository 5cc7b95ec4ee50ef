using System.Text.Json;
using Expunge.Testing;
using Xunit;

namespace Expunge.Cli.Tests;

public sealed class RehearseTests : IDisposable
{
    private const string Schema =
        """
        CREATE TABLE users (id serial PRIMARY KEY);
        CREATE TABLE posts (id serial PRIMARY KEY, user_id integer NOT NULL REFERENCES users);
        """;

    private readonly PolicyFileOnDisk _policy = new("root: users\n");

    public void Dispose() => _policy.Dispose();

    [Fact]
    public async Task A_schema_file_goes_the_whole_way_without_any_database()
    {
        var result = await RunAsync(Schema);
        Assert.Equal((0, ""), (result.ExitCode, result.Error));
        Assert.StartsWith("The whole way for users, with a copy of the schema on a private PostgreSQL ", result.Output, StringComparison.Ordinal);
        Assert.Contains("✅ load       2 tables, 1 foreign keys\n", result.Output, StringComparison.Ordinal);
        Assert.Contains("✅ probe      1 of 1 references do what the policy says, ", result.Output, StringComparison.Ordinal);
        Assert.Contains("Nothing of it touched your database.", result.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_schema_that_would_fail_is_exit_code_1_and_the_report_goes_into_a_file_that_is_not_overwritten()
    {
        const string keep = "CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$; CREATE TRIGGER keep BEFORE DELETE ON posts FOR EACH ROW EXECUTE FUNCTION f();";
        var failed = await RunAsync($"{Schema}{keep}", "--output", "report.md");
        Assert.Equal(1, failed.ExitCode);
        Assert.Contains("❌ probe      After the deletion rows of the subject are left: 1 by posts.user_id.", failed.Output, StringComparison.Ordinal);
        Assert.EndsWith("📄 report.md\n", failed.Output, StringComparison.Ordinal);
        var report = await ReportAsync();
        Assert.StartsWith("# Rehearsal of users: it would not go all the way\n", report, StringComparison.Ordinal);
        Assert.Contains("| ❌ | probe | After the deletion", report, StringComparison.Ordinal);
        Assert.Contains("- `EXP3009 posts.user_id: trigger keep could keep CASCADE from taking effect`", report, StringComparison.Ordinal);

        var refused = await RunAsync(Schema, "-o", "report.md");
        Assert.Equal((2, ""), (refused.ExitCode, refused.Output));
        Assert.Contains("[EXP1104]", refused.Error, StringComparison.Ordinal);
        Assert.Equal(report, await ReportAsync());

        Assert.Equal(0, (await RunAsync(Schema, "-o", "report.md", "--force")).ExitCode);
        Assert.StartsWith("# Rehearsal of users: everything goes as it should\n", await ReportAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task As_json_it_is_one_document()
    {
        var result = await RunAsync($"{Schema} ALTER TABLE gone ADD COLUMN user_id integer REFERENCES users;", "--json");
        Assert.Equal(1, result.ExitCode);
        using var document = JsonDocument.Parse(result.Output);
        Assert.Equal(["root", "serverVersion", "steps", "milliseconds", "ok"], document.RootElement.EnumerateObject().Select(p => p.Name));
        Assert.False(document.RootElement.GetProperty("ok").GetBoolean());
        var steps = document.RootElement.GetProperty("steps").EnumerateArray().ToList();
        Assert.Equal(["load False", "plan ", "upgrade ", "verify ", "probe ", "downgrade ", "compare "], steps.Select(s => $"{s.GetProperty("name")} {s.GetProperty("ok")}"));
        Assert.Contains("ALTER TABLE gone", steps[0].GetProperty("details")[0].GetString(), StringComparison.Ordinal);
    }

    /// <summary>A schema file, what is said of it, and the arguments besides it.</summary>
    public static TheoryData<string, string, string, string[]> Wrong => new()
    {
        { "EXP1111", "PGDMP\u0001\u000e", "Make SQL of it:  pg_restore --schema-only", [] },
        { "EXP1111", "\u001f\0\0", "schema.sql is no text.", [] },
        { "EXP1111", "", "The schema file holds no SQL statement.", [] },
        { "EXP1103", "CREATE TABLE accounts (id integer PRIMARY KEY)", "The root table public.users does not exist in database schema.sql.\n", [] },
        { "EXP1101", "CREATE TABLE users (id integer PRIMARY KEY)", "table 'posts' does not exist", ["--config", "posts.yaml"] },
        { "EXP1001", Schema, "There is no directory for no/report.md.", ["--output", "no/report.md"] },
        { "EXP1001", Schema, "--rows takes its proportions from a database's statistics", ["--rows", "10"] },
        { "EXP1102", Schema, "The policy file 'no.yaml' does not exist.", ["--config", "no.yaml"] },
    };

    [Theory, MemberData(nameof(Wrong))]
    public async Task What_can_not_be_rehearsed_is_wrong_usage(string code, string schema, string says, string[] args)
    {
        await File.WriteAllTextAsync(Path.Combine(_policy.Folder, "posts.yaml"), "root: users\nreferences:\n  posts.user_id: cascade\n", TestContext.Current.CancellationToken);
        var result = await RunAsync(schema, args);
        Assert.Equal((2, ""), (result.ExitCode, result.Output));
        Assert.Contains(says, result.Error, StringComparison.Ordinal);
        Assert.Contains($"[{code}]", result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_file_that_is_not_there_is_named_with_what_writes_one()
    {
        var result = await ExpungeProcess.RunAsync(["rehearse", "--schema-file", "gone.sql"], directory: _policy.Folder);
        Assert.Equal(2, result.ExitCode);
        Assert.Equal("❌ There is no file gone.sql.\n   → Write one with  pg_dump --schema-only --file=FILE DATABASE  [EXP1001]\n", result.Error);
    }

    [Fact]
    public async Task A_database_is_dumped_and_left_as_it_is_with_its_guard_and_its_journal()
    {
        if (!await DocsTranscript.HasPgDumpAsync()) Assert.Skip("There is no pg_dump for this server.");
        using var policy = new PolicyFileOnDisk();
        var database = await TestServer.ZivoHealthAsync();
        Task<ExpungeProcess.Result> Run(params string[] args) => ExpungeProcess.RunAsync([.. args, "--database", database], directory: policy.Folder);
        var before = await CatalogText.ReadAsync(database);

        var rehearsed = await Run("rehearse");
        Assert.True(rehearsed.ExitCode == 0, rehearsed.ToString());
        Assert.Contains("✅ probe      130 of 130 references do what the policy says", rehearsed.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("left out", rehearsed.Output, StringComparison.Ordinal);
        Assert.Equal(before, await CatalogText.ReadAsync(database));

        Assert.Equal(0, (await Run("upgrade", "--yes")).ExitCode);
        Assert.Equal(0, (await Run("guard", "install", "--mode", "enforce", "--yes")).ExitCode);
        var again = await Run("rehearse", "--rows", "300", "--json");
        Assert.True(again.ExitCode == 0, again.ToString());
        using var document = JsonDocument.Parse(again.Output);
        Assert.Equal(["load", "fill", "plan", "upgrade", "verify", "probe", "delete", "downgrade", "compare"], document.RootElement.GetProperty("steps").EnumerateArray().Select(s => s.GetProperty("name").GetString()));
        Assert.Empty(document.RootElement.GetProperty("steps")[0].GetProperty("details").EnumerateArray());
    }

    [Fact]
    public async Task A_newer_server_than_every_pg_dump_is_told_with_what_to_do()
    {
        using var blog = await BlogDatabase.CreateAsync();
        var result = await ExpungeProcess.RunAsync(["rehearse", "--database", blog.ConnectionString], new Dictionary<string, string?>(StringComparer.Ordinal) { ["PG_DUMP"] = "/nowhere/pg_dump" }, directory: blog.Policy.Folder);
        Assert.Equal((2, ""), (result.ExitCode, result.Output));
        Assert.Contains("[EXP1201]", result.Error, StringComparison.Ordinal);
    }

    private Task<string> ReportAsync() => File.ReadAllTextAsync(Path.Combine(_policy.Folder, "report.md"), TestContext.Current.CancellationToken);

    /// <summary>Runs it on a file, with no database to be found.</summary>
    private async Task<ExpungeProcess.Result> RunAsync(string schema, params string[] args)
    {
        await File.WriteAllTextAsync(Path.Combine(_policy.Folder, "schema.sql"), schema, TestContext.Current.CancellationToken);
        return await ExpungeProcess.RunAsync(["rehearse", "--schema-file", "schema.sql", .. args], new Dictionary<string, string?>(StringComparer.Ordinal) { ["PGHOST"] = "127.0.0.1", ["PGPORT"] = "1" }, directory: _policy.Folder);
    }
}
