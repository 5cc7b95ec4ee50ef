using System.Diagnostics;
using Expunge.Policy;
using Expunge.Postgres;
using Expunge.Testing;
using Npgsql;
using Xunit;

namespace Expunge.Tests.Deletion;

/// <summary>Ids are read by PostgreSQL as what the key is.</summary>
public sealed class SubjectKeyTests
{
    private static readonly PolicyFile Policy = new() { Root = QualifiedName.Parse("users") };

    [Theory]
    [InlineData("integer", "7, 70", "007", "7")]
    [InlineData("bigint", "9007199254740993, 9007199254740992", "9007199254740993", "9007199254740993")]
    [InlineData("uuid", "'00000000-0000-4000-8000-00000000000a', '00000000-0000-4000-8000-00000000000b'", "{00000000-0000-4000-8000-00000000000A}", "00000000-0000-4000-8000-00000000000a")]
    [InlineData("text", "'O''Brien \\ \"x\"', 'o''brien'", "O'Brien \\ \"x\"", "O'Brien \\ \"x\"")]
    [InlineData("varchar(10)", "'0123456789', 'other'", "0123456789", "0123456789")]
    public async Task One_subject_is_found_by_any_spelling_that_the_type_takes(string type, string keys, string id, string canonical)
    {
        await using var database = await CreateAsync(type, keys);

        var result = await database.DeleteAsync(Policy, id, id);

        Assert.Equal([canonical], result.Deleted);
        Assert.Equal([("posts", 1L), ("users", 1L)], result.Lines.Select(l => (l.Table, l.Deleted)).Order());
        Assert.Equal(1, await database.ScalarAsync<long>("SELECT count(*) FROM users"));
    }

    [Theory]
    [InlineData("varchar(10)", "'0123456789'", "0123456789-and-more")]
    [InlineData("text", "'a'", "A")]
    [InlineData("text", "'a'", "a ")]
    [InlineData("integer", "1", "2")]
    public async Task An_id_that_is_only_similar_finds_nobody(string type, string keys, string id)
    {
        await using var database = await CreateAsync(type, keys);

        var result = await database.DeleteAsync(Policy, id);

        Assert.Empty(result.Deleted);
        Assert.Equal([id], result.NotFound);
        Assert.Equal(1, await database.ScalarAsync<long>("SELECT count(*) FROM users"));
    }

    [Theory]
    [InlineData("integer", "1", "abc")]
    [InlineData("integer", "1", "99999999999")]
    [InlineData("integer", "1", "")]
    [InlineData("integer", "1", "7'); DROP TABLE users; --")]
    [InlineData("integer", "1", "{1}")]
    [InlineData("uuid", "'00000000-0000-4000-8000-00000000000a'", "7")]
    [InlineData("even", "2", "3")]
    public async Task An_id_of_another_type_is_refused_and_nobody_is_deleted(string type, string keys, string id)
    {
        await using var database = await CreateAsync(type, keys);
        var first = await database.ScalarAsync<string>("SELECT id::text FROM users");

        var refused = await Assert.ThrowsAsync<ExpungeException>(() => database.DeleteAsync(Policy, first, id));

        Assert.Equal(ErrorCodes.BadId, refused.Code);
        Assert.Contains(type.Split('(')[0], refused.Message, StringComparison.Ordinal);
        Assert.Equal(1, await database.ScalarAsync<long>("SELECT count(*) FROM users"));
    }

    [Fact]
    public async Task Ten_thousand_ids_are_quick_and_of_them_the_wrong_one_is_named()
    {
        await using var database = await CreateAsync("integer", "1");
        var ids = Enumerable.Range(1, 10_000).Select(n => $"{n}").ToArray();
        var statements = 0;
        var name = new NpgsqlConnectionStringBuilder(database.ConnectionString).Database;
        using var listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name == "Npgsql",
            Sample = (ref _) => ActivitySamplingResult.AllData,
            ActivityStopped = activity => { if (activity.TagObjects.Any(t => t.Value as string == name)) Interlocked.Increment(ref statements); },
        };
        ActivitySource.AddActivityListener(listener);

        Assert.Equal(9_999, (await database.EstimateAsync(Policy, ids)).NotFound.Length);
        ids[7_776] = "seven";
        var refused = await Assert.ThrowsAsync<ExpungeException>(() => database.EstimateAsync(Policy, ids));

        Assert.Equal((ErrorCodes.BadId, "'seven' is no key of public.users: the key is integer."), (refused.Code, refused.Message));
        Assert.InRange(statements, 10, 50);
    }

    [Fact]
    public async Task An_id_that_no_text_of_PostgreSQL_can_be_is_refused()
    {
        await using var database = await CreateAsync("text", "'a', '\U0001F600'");
        foreach (var id in new[] { "a\0", "\0", "a\uD800", "\uDC00\uD800a" })
        {
            Assert.Equal(ErrorCodes.BadId, (await Assert.ThrowsAsync<ExpungeException>(() => database.DeleteAsync(Policy, "a", id))).Code);
        }

        Assert.Equal(["\U0001F600"], (await database.DeleteAsync(Policy, "\U0001F600")).Deleted);
    }

    private static async Task<TestDatabase> CreateAsync(string type, string keys)
    {
        var database = new TestDatabase(await TestServer.EmptyAsync());
        await database.ExecuteAsync(
            $"CREATE DOMAIN even AS integer CHECK (VALUE % 2 = 0); CREATE TABLE users (id {type} PRIMARY KEY); CREATE TABLE posts (user_id {type} NOT NULL REFERENCES users); INSERT INTO users SELECT unnest(ARRAY[{keys}]::{type}[]); INSERT INTO posts SELECT id FROM users;");
        await database.UpgradeAsync(Policy);
        return database;
    }
}
