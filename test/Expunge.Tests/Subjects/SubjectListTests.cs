using Expunge.Policy;
using Expunge.Postgres;
using Expunge.Subjects;
using Expunge.Testing;
using Npgsql;
using Xunit;

namespace Expunge.Tests.Subjects;

public sealed class SubjectListTests
{
    private const string Users =
        """
        CREATE TABLE users (id int PRIMARY KEY, email text, full_name varchar(50), secret text, created_at date, active boolean, is_tobe_deleted boolean, delete_date timestamptz);
        INSERT INTO users SELECT n, 'user' || n || '@example.com', 'Name ' || n, 'secret', date '2026-01-01', true, false, NULL FROM generate_series(1, 9) n;
        INSERT INTO users VALUES (10, '100%_\odd', 'O''Brien', NULL, NULL, NULL, NULL, NULL), (20, NULL, NULL, NULL, NULL, false, true, '2026-02-03 04:05:06+00');
        """;

    private const string Columns = "{ show: [id, email, full_name, created_at, is_tobe_deleted], is_active: active, is_tobe_deleted: is_tobe_deleted, delete_date: delete_date }";

    [Fact]
    public async Task A_list_holds_the_key_the_shown_columns_and_the_marks_in_this_order()
    {
        await using var subjects = await CreateAsync(Users, Columns);

        var list = await subjects.ReadAsync(new() { Limit = 1 });

        Assert.Equal("1", list[0].Key);
        Assert.Equal("""{"id":1,"email":"user1@example.com","full_name":"Name 1","created_at":"2026-01-01","is_active":true,"is_tobe_deleted":false,"delete_date":null}""", list[0].Values.GetRawText());
        Assert.Equal("user", subjects.Table.Noun);
        Assert.Equal(["email", "full_name"], subjects.Table.Searched.Select(c => c.Name));
    }

    [Fact]
    public async Task Without_columns_in_the_policy_a_list_holds_the_keys_and_a_search_finds_one()
    {
        await using var subjects = await CreateAsync(Users, "{}");

        Assert.Equal("""{"id":20}""", (await subjects.ReadAsync(new() { After = "10" })).Single().Values.GetRawText());
        Assert.Equal(["7"], await subjects.KeysAsync(new() { Search = "7" }));
        Assert.Empty(await subjects.KeysAsync(new() { Search = "user7" }));
        Assert.Equal(ErrorCodes.NoMarkColumn, (await Assert.ThrowsAsync<ExpungeException>(() => subjects.KeysAsync(new() { State = SubjectState.Active }))).Code);
    }

    [Theory]
    [InlineData("USER3@", "3")]
    [InlineData("5", "5")]
    [InlineData("name 1", "1")]
    [InlineData("100%", "10")]
    [InlineData("%_", "10")]
    [InlineData("_\\", "10")]
    [InlineData("\\", "10")]
    [InlineData("o'b", "10")]
    [InlineData("secret", "")]
    [InlineData("' OR true --", "")]
    [InlineData("'); DROP TABLE users; --", "")]
    [InlineData("u%r", "")]
    [InlineData("user_", "")]
    [InlineData("20", "20")]
    [InlineData("", "1 2 3 4 5 6 7 8 9 10 20")]
    public async Task A_search_is_taken_literally_in_any_case_or_is_the_key(string search, string expected)
    {
        await using var subjects = await CreateAsync(Users, Columns);

        var found = await subjects.KeysAsync(new() { Search = search });

        Assert.Equal(expected, string.Join(' ', found));
        Assert.Equal(found.Length, await subjects.CountAsync(new() { Search = search, Skip = 3, Limit = 1, After = "no key" }));
    }

    [Fact]
    public async Task What_no_text_can_hold_matches_nobody_and_is_no_key()
    {
        await using var subjects = await CreateAsync(Users, Columns);
        foreach (var never in new[] { "user\0", "\uD800" })
        {
            Assert.Empty(await subjects.KeysAsync(new() { Search = never }));
            Assert.Equal(0, await subjects.CountAsync(new() { Search = never }));
            Assert.Equal(ErrorCodes.BadId, (await Assert.ThrowsAsync<ExpungeException>(() => subjects.KeysAsync(new() { After = never }))).Code);
        }
    }

    [Fact]
    public async Task Pages_follow_one_another_by_key_and_marks_select()
    {
        await using var subjects = await CreateAsync(Users, Columns);

        Assert.Equal(["4", "5"], await subjects.KeysAsync(new() { After = "3", Limit = 2 }));
        Assert.Equal(["10", "20"], await subjects.KeysAsync(new() { Skip = 9 }));
        Assert.Equal(["6"], await subjects.KeysAsync(new() { After = "4", Skip = 1, Limit = 1, Search = "example" }));
        Assert.Empty(await subjects.KeysAsync(new() { Limit = 0 }));
        Assert.Equal(["20"], await subjects.KeysAsync(new() { State = SubjectState.Marked }));
        Assert.Equal(9, await subjects.CountAsync(new() { State = SubjectState.Active }));
        Assert.Equal(["20"], await subjects.KeysAsync(new() { State = SubjectState.Due, GracePeriod = TimeSpan.FromSeconds(0) }));
        Assert.Empty(await subjects.KeysAsync(new() { State = SubjectState.Due, GracePeriod = TimeSpan.FromDays(365_000) }));
        Assert.Equal(["7"], await subjects.KeysAsync(new() { Key = "007" }));
        Assert.Empty(await subjects.KeysAsync(new() { Key = "7", Search = "user6" }));
        Assert.Equal(["1", "2"], await SubjectList.KeysAsync(subjects.Database, subjects.Table, new() { State = SubjectState.Active, Limit = 2 }));
        Assert.Equal(ErrorCodes.BadId, (await Assert.ThrowsAsync<ExpungeException>(() => subjects.KeysAsync(new() { After = "x" }))).Code);
        Assert.Equal(ErrorCodes.BadId, (await Assert.ThrowsAsync<ExpungeException>(() => subjects.KeysAsync(new() { Key = "x" }))).Code);
        Assert.Equal(ErrorCodes.BadId, (await Assert.ThrowsAsync<ExpungeException>(() => subjects.KeysAsync(new() { After = "99999999999" }))).Code);
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(() => subjects.KeysAsync(new() { Skip = -1 }));
    }

    [Theory]
    [InlineData("bigint", "9007199254740993, 9007199254740992", "9007199254740992", "9007199254740993", "9007199254740993")]
    [InlineData("uuid", "'00000000-0000-4000-8000-00000000000a', '00000000-0000-4000-8000-00000000000b'", "{00000000-0000-4000-8000-00000000000A}", "00000000-0000-4000-8000-00000000000b", "\"00000000-0000-4000-8000-00000000000b\"")]
    [InlineData("text COLLATE \"C\"", "'a', 'O''Brien \\ \"x\"', '10'", "O'Brien \\ \"x\"", "a", "\"a\"")]
    public async Task A_key_of_any_type_is_a_number_or_a_string_as_it_is(string type, string keys, string after, string next, string json)
    {
        await using var subjects = await CreateAsync($"CREATE TABLE users (id {type} PRIMARY KEY); INSERT INTO users SELECT unnest(ARRAY[{keys}]{(type.StartsWith("text", StringComparison.Ordinal) ? "" : $"::{type}[]")})", "{}");

        var subject = Assert.Single(await subjects.ReadAsync(new() { After = after }));

        Assert.Equal((next, json), (subject.Key, subject.Values.GetProperty("id").GetRawText()));
    }

    [Fact]
    public async Task Odd_names_are_quoted()
    {
        await using var subjects = await CreateAsync(
            """CREATE SCHEMA "My App"; CREATE TABLE "My App"."User Table" ("Key" text PRIMARY KEY, "E-Mail" text, "s" text, "a""b" name, "gone?" boolean); INSERT INTO "My App"."User Table" VALUES ('k', 'x@y', 'S', 'c')""",
            "{ show: [E-Mail, s, '\"a\"\"b\"'], is_tobe_deleted: 'gone?' }", root: "My App.User Table");

        Assert.Equal("""{"id":"k","E-Mail":"x@y","s":"S","a\"b":"c","is_tobe_deleted":null}""", (await subjects.ReadAsync(new() { Search = "C", State = SubjectState.Active })).Single().Values.GetRawText());
    }

    [Fact]
    public async Task A_collation_that_ignores_case_can_be_searched()
    {
        await using var subjects = await CreateAsync(
            "CREATE COLLATION ci (provider = icu, locale = 'und-u-ks-level2', deterministic = false); CREATE TABLE users (id text COLLATE ci PRIMARY KEY, email text COLLATE ci); INSERT INTO users VALUES ('A', 'User@x')", "{ show: [email] }");

        Assert.Equal(["A"], await subjects.KeysAsync(new() { Search = "uSER@" }));
    }

    [Fact]
    public async Task A_search_that_takes_too_long_is_given_up_with_advice()
    {
        await using var subjects = await CreateAsync(Users + "CREATE VIEW slow AS SELECT id, email || pg_sleep(30) AS email FROM users", Columns);
        var slow = subjects.Table with { Root = new("public", "slow"), Shown = [], IsActive = null, IsToBeDeleted = null, DeleteDate = null };

        var e = await Assert.ThrowsAsync<ExpungeException>(() => SubjectList.CountAsync(subjects.Database, slow with { Searched = [slow.Searched[0]] }, new() { Search = "x" }));

        Assert.Equal(ErrorCodes.SearchTooSlow, e.Code);
        Assert.Contains("narrower", e.NextStep, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("ALTER TABLE users RENAME TO people")]
    [InlineData("ALTER TABLE users DROP COLUMN email")]
    public async Task A_table_that_was_changed_meanwhile_is_named(string change)
    {
        await using var subjects = await CreateAsync(Users, Columns);
        await subjects.ExecuteAsync(change);

        var e = await Assert.ThrowsAsync<ExpungeException>(() => subjects.KeysAsync(new()));

        Assert.Equal(ErrorCodes.SubjectTableChanged, e.Code);
        Assert.Contains("public.users", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Rows_that_a_policy_of_the_table_would_hide_are_refused_rather_than_left_out()
    {
        await using var subjects = await CreateAsync(Users, Columns);
        var role = $"reader_{Guid.NewGuid():N}";
        await subjects.ExecuteAsync($"CREATE ROLE {role} LOGIN PASSWORD 'reader'; GRANT SELECT ON users TO {role}; ALTER TABLE users ENABLE ROW LEVEL SECURITY");
        await using var reader = new Database(new NpgsqlConnectionStringBuilder(subjects.Database.Settings.ConnectionString) { Username = role, Password = "reader" });

        Assert.Equal(ErrorCodes.MissingRight, (await Assert.ThrowsAsync<ExpungeException>(() => SubjectList.ReadAsync(reader, subjects.Table, new()))).Code);
    }

    [Fact]
    public async Task A_root_without_a_key_of_one_column_is_refused()
    {
        await using var database = new TestDatabase(await TestServer.EmptyAsync());
        await database.ExecuteAsync("CREATE TABLE users (a int, b int, PRIMARY KEY (a, b))");

        Assert.Equal(ErrorCodes.RootNotFound, (await Assert.ThrowsAsync<ExpungeException>(() => SubjectTable.ReadAsync(database.Database, new PolicyFile { Root = new("public", "users") }))).Code);
        Assert.Equal(ErrorCodes.RootNotFound, (await Assert.ThrowsAsync<ExpungeException>(() => SubjectTable.ReadAsync(database.Database, new PolicyFile { Root = new("public", "user") }))).Code);
    }

    private static Task<SubjectDatabase> CreateAsync(string schema, string columns, string root = "users") => SubjectDatabase.CreateAsync(schema, columns, root);
}
