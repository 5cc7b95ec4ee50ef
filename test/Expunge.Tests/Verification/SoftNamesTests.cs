using Expunge.Testing;
using Xunit;

namespace Expunge.Tests.Verification;

/// <summary>What names say, in tables without rows unless a case needs some.</summary>
public sealed class SoftNamesTests
{
    [Theory]
    [InlineData("user_id integer", "likely t.user_id")]
    [InlineData("\"userId\" bigint", "likely t.userId")]
    [InlineData("\"UserID\" bigint", "likely t.UserID")]
    [InlineData("userid smallint, doctorid integer", "likely t.userid", "possible t.doctorid")]
    [InlineData("user_uuid text", "likely t.user_uuid")]
    [InlineData("user_ref varchar(20)", "likely t.user_ref")]
    [InlineData("billing_user_id integer", "likely t.billing_user_id")]
    [InlineData("users_id integer", "likely t.users_id")]
    [InlineData("uploaded_by integer", "likely t.uploaded_by")]
    [InlineData("patient_id integer", "likely t.patient_id")]
    [InlineData("actor_id integer", "possible t.actor_id")]
    [InlineData("\"approvedBy\" integer", "possible t.approvedBy")]
    [InlineData("owner integer", "possible t.owner")]
    [InlineData("user_ids integer[]", "likely t.user_ids (not declarable)")]
    [InlineData("user_id integer, user_type text", "likely t.user_id (not declarable)")]
    [InlineData("users integer, members integer, user_count integer, user_name text, username text, user_agent text")]
    [InlineData("sort_by integer, position integer, version integer, user_code text, sender text")]
    [InlineData("resource_id integer, uid text, id integer, key text")]
    [InlineData("user_id boolean, owner_id date, actor_id jsonb, author_id uuid")]
    public async Task A_column_is_known_by_its_name(string columns, params string[] expected)
    {
        await using var database = await DatabaseAsync($"CREATE TABLE t ({columns})");
        Assert.Equal(expected, (await database.SoftAsync()).Lines());
    }

    [Theory]
    [InlineData("CREATE TABLE profiles (user_id integer PRIMARY KEY)", "likely profiles.user_id")]
    [InlineData("CREATE TABLE people (user_id serial PRIMARY KEY)")]
    [InlineData("CREATE TABLE people (user_id integer PRIMARY KEY GENERATED ALWAYS AS IDENTITY)")]
    [InlineData("CREATE TABLE links (user_id integer, place_id integer, PRIMARY KEY (user_id, place_id))", "likely links.user_id")]
    [InlineData("CREATE TABLE events (user_id integer, at date) PARTITION BY RANGE (at); CREATE TABLE events_1 PARTITION OF events DEFAULT", "likely events.user_id")]
    [InlineData("CREATE TABLE events (user_id integer, at date) PARTITION BY RANGE (at); CREATE TABLE events_1 PARTITION OF events DEFAULT; ALTER TABLE events_1 ADD FOREIGN KEY (user_id) REFERENCES users")]
    [InlineData("CREATE VIEW who AS SELECT id AS user_id FROM users; CREATE MATERIALIZED VIEW who_mv AS SELECT id AS user_id FROM users")]
    [InlineData("CREATE TABLE t (user_id integer REFERENCES users (id) ON DELETE CASCADE)")]
    [InlineData("ALTER TABLE users ADD manager_user_id integer", "likely users.manager_user_id (not declarable)")]
    public async Task And_by_its_place(string sql, params string[] expected)
    {
        await using var database = await DatabaseAsync(sql);
        Assert.Equal(expected, (await database.SoftAsync()).Lines());
    }

    [Fact]
    public async Task A_name_that_two_tables_have_is_decided_by_the_values()
    {
        // doctor_id leads to users in one table and to doctors in another.
        const string Sql =
            """
            CREATE TABLE doctors (id integer PRIMARY KEY, user_id integer REFERENCES users); CREATE TABLE visits (doctor_id integer REFERENCES users); CREATE TABLE titles (doctor_id integer REFERENCES doctors);
            CREATE TABLE notes (doctor_id integer); CREATE TABLE bills (doctor_id integer); CREATE TABLE unused (doctor_id integer);
            INSERT INTO doctors SELECT id + 5000, id FROM users WHERE id < 40; INSERT INTO notes SELECT id FROM users; INSERT INTO bills SELECT id FROM doctors;
            """;
        await using var database = await DatabaseAsync(Sql);
        var report = await database.SoftAsync();
        Assert.Equal(["likely notes.doctor_id", "strong bills.doctor_id → doctors (not declarable)", "possible unused.doctor_id → doctors (not declarable)"], report.Lines().OrderBy(l => l.Contains('→')).ThenBy(l => l.Contains("unused")));
        Assert.Empty(report.Suspected());
        Assert.Equal("it leads to doctors, not to users: give it a foreign key", report.Columns.Single(c => c.Table.Name.Name == "bills").Undeclarable);
    }

    [Fact]
    public async Task One_foreign_key_elsewhere_does_not_outweigh_those_to_the_root()
    {
        await using var database = await DatabaseAsync(
            "CREATE TABLE old_users (id integer PRIMARY KEY); INSERT INTO old_users SELECT id FROM users; CREATE TABLE a (user_id integer REFERENCES users); CREATE TABLE b (user_id integer REFERENCES old_users); CREATE TABLE c (user_id integer); INSERT INTO c SELECT id FROM users");
        var report = await database.SoftAsync();
        Assert.Equal(["strong c.user_id"], report.Lines());
        Assert.Equal(["c.user_id"], report.Suspected());
    }

    [Fact]
    public async Task A_column_named_for_a_table_that_no_deletion_reaches_is_nobodys_business()
    {
        await using var database = await DatabaseAsync(
            """
            CREATE TABLE orders (id integer PRIMARY KEY); CREATE TABLE shop_members (id integer PRIMARY KEY); CREATE TABLE lines (order_id integer, member_id integer);
            INSERT INTO orders SELECT id FROM users; INSERT INTO shop_members SELECT id FROM users; INSERT INTO lines SELECT id, id FROM users;
            """);
        Assert.Empty((await database.SoftAsync()).Lines());
    }

    [Fact]
    public async Task A_table_of_the_same_name_in_the_columns_own_schema_is_meant()
    {
        await using var database = await DatabaseAsync("CREATE SCHEMA admin; CREATE TABLE admin.users (id integer PRIMARY KEY); CREATE TABLE admin.logs (user_id integer); INSERT INTO admin.users SELECT 7; INSERT INTO admin.logs SELECT 7");
        Assert.Empty((await database.SoftAsync()).Lines());
    }

    [Fact]
    public async Task The_last_word_of_the_roots_name_names_it_too()
    {
        await using var database = new TestDatabase(await TestServer.EmptyAsync());
        await database.ExecuteAsync("CREATE TABLE auth_user (id integer PRIMARY KEY); CREATE TABLE t (user_id integer, auth_user_id integer, \"authUserId\" integer)");
        Assert.Equal(["likely t.authUserId", "likely t.auth_user_id", "likely t.user_id"], (await database.SoftAsync("auth_user")).Lines());
    }

    [Fact]
    public async Task A_reference_whose_values_say_what_they_lead_to_is_never_proposed()
    {
        await using var database = await DatabaseAsync("CREATE TABLE audits (owner_id integer, owner_type text); INSERT INTO audits SELECT id, 'User' FROM users");
        var column = Assert.Single((await database.SoftAsync()).Columns);
        Assert.Equal("owner_type says what it leads to: rows of another kind can have the same key", column.Undeclarable);
        Assert.False(column.IsProposed);
    }

    [Fact]
    public async Task Odd_names_are_quoted()
    {
        await using var database = await DatabaseAsync("CREATE TABLE \"odd \"\"t.able\" (\"user\"\"s id\" integer, \"user id\" text); INSERT INTO \"odd \"\"t.able\" SELECT id, id FROM users");
        Assert.Equal(2, (await database.SoftAsync()).Columns.Length);
    }

    /// <summary>A hundred users without a gap, and columns that refer to them by two names that are not theirs.</summary>
    private static async Task<TestDatabase> DatabaseAsync(string sql)
    {
        var database = new TestDatabase(await TestServer.EmptyAsync());
        await database.ExecuteAsync(
            $"""
            CREATE TABLE users (id integer PRIMARY KEY); INSERT INTO users SELECT generate_series(1, 100);
            CREATE TABLE images (uploaded_by integer REFERENCES users, patient_id integer REFERENCES users); {sql}
            """);
        return database;
    }
}
