using Expunge.Testing;
using Expunge.Verification;
using Xunit;

namespace Expunge.Tests.Verification;

/// <summary>Whole numbers of any meaning meet the keys of users: what is, and what is not, told apart.</summary>
public sealed class SoftChanceTests
{
    [Fact]
    public async Task Numbers_that_meet_keys_by_chance_are_no_references()
    {
        await using var database = await AccountsAsync(
            """
            CREATE TABLE items (id serial PRIMARY KEY, quantity integer, size integer, year integer, sort_order integer, status smallint, port integer, stars smallint, karma integer, legacy integer, lot_id integer, batch_id integer);
            INSERT INTO items (quantity, size, year, sort_order, status, port, stars, karma, legacy, lot_id, batch_id)
            SELECT 1 + n % 500, n * 7 % 1900, 2015 + n % 11, n, n % 5, 80 + n % 400, 1 + n % 5, 1 + n * 31 % 2000, n, 1 + n * 17 % 2000, 1 + n % 4 FROM generate_series(1, 2000) n;
            """);
        Assert.Empty((await database.SoftAsync()).Lines());
        await database.ExecuteAsync("ANALYZE");
        Assert.Empty((await database.SoftAsync()).Lines());
    }

    [Fact]
    public async Task Values_that_miss_every_gap_between_the_keys_are_references_whatever_their_name()
    {
        await using var database = await AccountsAsync(
            """
            CREATE TABLE ratings (id serial PRIMARY KEY, rated integer, rater_id bigint, noted_by integer, fan_ref text);
            INSERT INTO ratings (rated, rater_id, noted_by, fan_ref) SELECT id, id, id, id FROM users;
            """);
        Assert.Equal(["strong ratings.noted_by", "strong ratings.fan_ref", "strong ratings.rater_id", "strong ratings.rated"], (await database.SoftAsync()).Lines());
    }

    [Fact]
    public async Task Without_gaps_only_a_name_tells()
    {
        await using var database = await DenseAsync(
            """
            CREATE TABLE ratings (id serial PRIMARY KEY, rated integer, rater_id integer, noted_by integer, user_id integer, reader_id integer);
            INSERT INTO ratings (rated, rater_id, noted_by, user_id, reader_id) SELECT id, id, id, id, 1 + id % 2 FROM users;
            """);
        var report = await database.SoftAsync();
        Assert.Equal(["strong ratings.user_id", "likely ratings.noted_by", "possible ratings.rater_id"], report.Lines());
        Assert.Equal("named for a person; 500 of 500 values are keys, by chance 499", report.Columns[1].Evidence);
    }

    [Fact]
    public async Task A_name_is_believed_with_orphans_and_doubted_without_a_single_key()
    {
        await using var database = await AccountsAsync(
            """
            CREATE TABLE old (user_id integer); INSERT INTO old SELECT id FROM users WHERE id < 400; INSERT INTO old SELECT n FROM generate_series(1000001, 1000200) n;
            CREATE TABLE foreign_users (user_id integer, owner_id integer); INSERT INTO foreign_users SELECT n, n FROM generate_series(1000001, 1000200) n;
            CREATE TABLE unused (user_id integer, owner_id integer, owner text, resource_id integer);
            """);
        Assert.Equal(["likely old.user_id", "likely unused.user_id", "possible foreign_users.user_id", "possible unused.owner_id"], (await database.SoftAsync()).Lines());
    }

    [Fact]
    public async Task A_random_key_is_nobodys_by_chance()
    {
        await using var database = new TestDatabase(await TestServer.EmptyAsync());
        await database.ExecuteAsync(
            """
            CREATE TABLE users (id uuid PRIMARY KEY DEFAULT gen_random_uuid()); INSERT INTO users SELECT FROM generate_series(1, 30);
            CREATE TABLE profiles (id uuid PRIMARY KEY); INSERT INTO profiles SELECT id FROM users;
            CREATE TABLE events (id uuid PRIMARY KEY DEFAULT gen_random_uuid(), trace uuid DEFAULT gen_random_uuid(), about uuid, entity text, spelled text, note text);
            INSERT INTO events (about, entity, spelled, note) SELECT id, id, upper(id::text), 'a note' FROM users;
            """);
        // In capitals a deletion, which compares text with text, would not find them.
        Assert.Equal(["strong events.about", "strong events.entity", "strong profiles.id"], (await database.SoftAsync()).Lines());
    }

    [Fact]
    public async Task A_key_that_is_text_is_found_as_text()
    {
        await using var database = new TestDatabase(await TestServer.EmptyAsync());
        await database.ExecuteAsync(
            """
            CREATE TABLE users (login text PRIMARY KEY); INSERT INTO users SELECT 'login-' || n FROM generate_series(1, 30) n;
            CREATE TABLE events (user_id varchar(50), about text, kind text); INSERT INTO events SELECT login, login, 'created' FROM users;
            """);
        Assert.Equal(["strong events.user_id", "strong events.about"], (await database.SoftAsync()).Lines());
    }

    [Theory, InlineData(1000, 1000, 2000, 2000, false), InlineData(1000, 1000, 2000, 1940, true), InlineData(1000, 970, 2000, 1940, false), InlineData(5, 5, 10, 0, false), InlineData(10, 10, 20, 0, true)]
    public void Chance_explains_as_many_keys_as_the_neighbours_have(int values, int keys, int neighbours, int neighbourKeys, bool telling) =>
        Assert.Equal(telling, SoftMatch.OfNumbers(values, keys, neighbours, neighbourKeys).IsTelling);

    /// <summary>Users 1 to 2,000 of whom every seventh is gone.</summary>
    private static async Task<TestDatabase> AccountsAsync(string sql) => await FilledAsync("INSERT INTO users SELECT n FROM generate_series(1, 2000) n WHERE n % 7 <> 0", sql);

    private static async Task<TestDatabase> DenseAsync(string sql) => await FilledAsync("INSERT INTO users SELECT n FROM generate_series(1, 500) n", sql);

    private static async Task<TestDatabase> FilledAsync(string users, string sql)
    {
        var database = new TestDatabase(await TestServer.EmptyAsync());
        await database.ExecuteAsync($"CREATE TABLE users (id integer PRIMARY KEY); {users}; {sql}");
        // With statistics less is read: a test says itself when there are some, and autovacuum is off.
        return database;
    }
}
