using Expunge.Subjects;
using Expunge.Testing;
using Npgsql;
using Xunit;

namespace Expunge.Tests.Subjects;

public sealed class MarkingTests
{
    private const string Users =
        """
        CREATE TABLE users (id int PRIMARY KEY, is_active boolean NOT NULL DEFAULT true, is_tobe_deleted boolean, delete_date timestamptz);
        INSERT INTO users (id) SELECT generate_series(1, 100);
        UPDATE users SET is_active = false, is_tobe_deleted = true, delete_date = '2026-01-01' WHERE id = 3;
        """;

    private const string Columns = "{ is_active: is_active, is_tobe_deleted: is_tobe_deleted, delete_date: delete_date }";

    [Fact]
    public async Task Who_is_marked_is_inactive_from_now_and_who_was_keeps_the_date()
    {
        await using var subjects = await SubjectDatabase.CreateAsync(Users, Columns);

        var result = await Marking.MarkAsync(subjects.Database, subjects.Table, ["5", "003", "4711", "5", "2"]);

        Assert.Equal(["2", "3", "5"], result.Found);
        Assert.Equal(["2", "5"], result.Changed);
        Assert.Equal(["4711"], result.NotFound);
        Assert.Equal(2, await subjects.ScalarAsync<long>("SELECT count(*) FROM users WHERE id IN (2, 5) AND NOT is_active AND is_tobe_deleted AND delete_date > now() - interval '1 min' AND delete_date <= now()"));
        Assert.Equal(1, await subjects.ScalarAsync<long>("SELECT count(*) FROM users WHERE id = 3 AND delete_date = '2026-01-01'"));
        Assert.Equal(3, await subjects.CountAsync(new() { State = SubjectState.Marked }));
    }

    [Fact]
    public async Task Only_who_is_marked_is_unmarked()
    {
        await using var subjects = await SubjectDatabase.CreateAsync(Users + "UPDATE users SET is_active = false WHERE id = 4;", Columns);

        var result = await Marking.UnmarkAsync(subjects.Database, subjects.Table, ["3", "4", "200"]);

        Assert.Equal(["3", "4"], result.Found);
        Assert.Equal(["3"], result.Changed);
        Assert.Equal(["200"], result.NotFound);
        Assert.Equal(1, await subjects.ScalarAsync<long>("SELECT count(*) FROM users WHERE id = 3 AND is_active AND NOT is_tobe_deleted AND delete_date IS NULL"));
        Assert.Equal(1, await subjects.ScalarAsync<long>("SELECT count(*) FROM users WHERE id = 4 AND NOT is_active"));
    }

    [Theory]
    [InlineData("bigint", "9007199254740993", "date")]
    [InlineData("uuid", "{00000000-0000-4000-8000-00000000000A}", "timestamp")]
    [InlineData("text", "O'Brien'); DROP TABLE \"User Table\"; -- \\ % \"x\"", "timestamptz")]
    public async Task A_key_of_any_type_and_odd_names_are_marked_alone(string type, string id, string date)
    {
        await using var subjects = await SubjectDatabase.CreateAsync(
            $"""
             CREATE TABLE "User Table" ("the ""odd"" key" {type} PRIMARY KEY, "Is-Gone" boolean, "When?" {date});
             INSERT INTO "User Table" VALUES ('{id.Replace("'", "''", StringComparison.Ordinal)}'), ('{(type == "uuid" ? Guid.NewGuid().ToString() : "1")}');
             """,
            "{ is_tobe_deleted: Is-Gone, delete_date: When? }", "User Table");

        Assert.Single((await Marking.MarkAsync(subjects.Database, subjects.Table, [id])).Changed);
        Assert.Equal(1, await subjects.ScalarAsync<long>("""SELECT count(*) FROM "User Table" WHERE "Is-Gone" AND "When?" >= now()::date"""));
        Assert.Single((await Marking.UnmarkAsync(subjects.Database, subjects.Table, [id])).Changed);
        Assert.Equal(0, await subjects.ScalarAsync<long>("""SELECT count(*) FROM "User Table" WHERE "Is-Gone" OR "When?" IS NOT NULL"""));
    }

    [Fact]
    public async Task Without_a_mark_in_the_policy_the_line_to_add_is_said()
    {
        await using var subjects = await SubjectDatabase.CreateAsync(Users, "{ is_active: is_active, delete_date: delete_date }");

        var e = await Assert.ThrowsAsync<ExpungeException>(() => Marking.MarkAsync(subjects.Database, subjects.Table, ["1"]));

        Assert.Equal(ErrorCodes.NoMarkColumn, e.Code);
        Assert.Contains("is_tobe_deleted: is_tobe_deleted", e.NextStep, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("abc")]
    [InlineData("1\0")]
    public async Task A_bad_id_marks_nobody(string id)
    {
        await using var subjects = await SubjectDatabase.CreateAsync(Users, Columns);

        Assert.Equal(ErrorCodes.BadId, (await Assert.ThrowsAsync<ExpungeException>(() => Marking.MarkAsync(subjects.Database, subjects.Table, ["1", id]))).Code);
        Assert.Equal(1, await subjects.CountAsync(new() { State = SubjectState.Marked }));
    }

    [Fact]
    public async Task Many_at_once_in_any_order_do_not_deadlock_and_each_change_is_told_once()
    {
        await using var subjects = await SubjectDatabase.CreateAsync(Users, Columns);
        var ids = Enumerable.Range(1, 100).Select(n => $"{n}").ToArray();

        var results = await Task.WhenAll(Enumerable.Range(0, 8).Select(n => Marking.MarkAsync(subjects.Database, subjects.Table, n % 2 == 0 ? ids : ids.Reverse())));

        Assert.All(results, r => Assert.Equal(ids, r.Found));
        Assert.Equal(99, results.Sum(r => r.Changed.Length));
        Assert.Equal(0, await subjects.ScalarAsync<long>("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"));
    }

    [Fact]
    public async Task A_row_that_is_locked_for_a_while_is_waited_for()
    {
        await using var subjects = await SubjectDatabase.CreateAsync(Users, Columns);
        await using var other = await TestServer.OpenAsync(subjects.Database.Settings.ConnectionString);
        await using var transaction = await other.BeginTransactionAsync();
        await using (var command = new NpgsqlCommand("UPDATE users SET is_active = true WHERE id = 1", other)) await command.ExecuteNonQueryAsync();

        var marking = Marking.MarkAsync(subjects.Database, subjects.Table, ["1"]);
        // Longer than the lock timeout: it is tried again.
        await Task.Delay(TimeSpan.FromSeconds(4));
        Assert.False(marking.IsCompleted);
        await transaction.CommitAsync();

        Assert.Equal(["1"], (await marking).Changed);
    }

    [Fact]
    public async Task New_rows_that_refer_to_a_subject_do_not_wait_for_its_mark()
    {
        await using var subjects = await SubjectDatabase.CreateAsync(
            Users + "CREATE TABLE posts (user_id int REFERENCES users); CREATE FUNCTION wait() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM pg_advisory_xact_lock(1); RETURN NEW; END'; CREATE TRIGGER wait BEFORE UPDATE ON users FOR EACH ROW EXECUTE FUNCTION wait();", Columns);
        await using var holder = await TestServer.OpenAsync(subjects.Database.Settings.ConnectionString);
        await using (var command = new NpgsqlCommand("SELECT pg_advisory_lock(1)", holder)) await command.ExecuteNonQueryAsync();
        var marking = Marking.MarkAsync(subjects.Database, subjects.Table, ["1"]);
        while (await subjects.ScalarAsync<long>("SELECT count(*) FROM pg_locks WHERE NOT granted AND locktype = 'advisory'") == 0) await Task.Delay(10);

        await subjects.ExecuteAsync("SET statement_timeout = '2s'; INSERT INTO posts VALUES (1)");

        await using (var command = new NpgsqlCommand("SELECT pg_advisory_unlock(1)", holder)) await command.ExecuteNonQueryAsync();
        Assert.Equal(["1"], (await marking).Changed);
    }

    [Fact]
    public async Task A_trigger_finds_what_is_on_the_search_path_of_the_role()
    {
        await using var subjects = await SubjectDatabase.CreateAsync(
            Users + "CREATE SCHEMA app; CREATE TABLE app.log (id int); CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN INSERT INTO log VALUES (NEW.id); RETURN NEW; END'; CREATE TRIGGER note BEFORE UPDATE ON users FOR EACH ROW EXECUTE FUNCTION note();"
            + "DO $$BEGIN EXECUTE format('ALTER DATABASE %I SET search_path = app, public', current_database()); END$$", Columns);
        await subjects.ScalarAsync<int>("SELECT 1");
        await using var later = new Expunge.Postgres.Database(subjects.Database.Settings);

        Assert.Equal(["1"], (await Marking.MarkAsync(later, subjects.Table, ["1"])).Changed);
        Assert.Equal(1, await subjects.ScalarAsync<long>("SELECT count(*) FROM app.log"));
    }

    [Theory]
    [InlineData("ALTER TABLE users ADD CHECK (is_active OR id = 3)", ErrorCodes.SubjectsRefused)]
    [InlineData("CREATE FUNCTION no() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RAISE EXCEPTION ''not now''; END'; CREATE TRIGGER no BEFORE UPDATE ON users FOR EACH ROW EXECUTE FUNCTION no()", ErrorCodes.SubjectsRefused)]
    [InlineData("CREATE FUNCTION no() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN INSERT INTO nowhere VALUES (1); RETURN NEW; END'; CREATE TRIGGER no BEFORE UPDATE ON users FOR EACH ROW EXECUTE FUNCTION no()", ErrorCodes.SubjectsRefused)]
    [InlineData("ALTER TABLE users RENAME is_active TO active", ErrorCodes.SubjectTableChanged)]
    [InlineData("ALTER TABLE users RENAME TO people", ErrorCodes.SubjectTableChanged)]
    public async Task What_refuses_a_mark_is_said_without_the_values_of_the_row(string change, string code)
    {
        await using var subjects = await SubjectDatabase.CreateAsync(Users, Columns);
        await subjects.ExecuteAsync(change);

        var e = await Assert.ThrowsAsync<ExpungeException>(() => Marking.MarkAsync(subjects.Database, subjects.Table, ["1", "42"]));

        Assert.Equal(code, e.Code);
        Assert.DoesNotContain("42,", e.Message, StringComparison.Ordinal);
    }
}
