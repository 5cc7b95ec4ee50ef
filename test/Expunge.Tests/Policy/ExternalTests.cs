using Expunge.Policy;
using Expunge.Tests.Revisions;
using Xunit;

namespace Expunge.Tests.Policy;

/// <summary><c>external:</c> against a database.</summary>
public sealed class ExternalTests
{
    [Theory]
    [InlineData("users.nam", "2:11: table 'users' has no column 'nam'; did you mean 'name'?")]
    [InlineData("commets.text", "2:11: table 'commets' does not exist; did you mean 'comments'?")]
    [InlineData("[users.name, tags.word]", "2:24: 'tags.word' can't be external: no row of 'tags' is deleted with a row of 'users'")]
    [InlineData("kept.path", "2:11: 'kept.path' can't be external: no row of 'kept' is deleted with a row of 'users'")]
    [InlineData("photos.path", "2:11: 'photos.path' can't be external: 'photos' has inheritance children, whose rows would be missed")]
    public async Task What_does_not_fit_the_database_is_said_with_its_place(string external, string expected)
    {
        await using var database = await CreateAsync();

        var e = Assert.Throws<PolicyException>(() => Decisions.Of(Catalog(database), Policy(external)));

        Assert.Equal(expected, e.Message["expunge.yaml:".Length..]);
    }

    [Fact]
    public async Task Tables_that_lose_rows_directly_by_others_by_a_soft_reference_and_as_partitions_are_found_in_the_policys_order()
    {
        await using var database = await CreateAsync();

        var decisions = Decisions.Of(Catalog(database), Policy("[events.ref, comments.text, users.name, logs.line, logs_a.line, likes.post, missing.path]"));

        Assert.Equal(["events.ref", "comments.text", "users.name", "logs.line", "logs_a.line", "likes.post"], decisions.External.Select(e => e.Display("public")));
    }

    private static Task<TestDatabase> CreateAsync() => Blog.CreateAsync(
        """
        CREATE TABLE tags (word text);
        CREATE TABLE kept (user_id integer REFERENCES users ON DELETE SET NULL, path text);
        CREATE TABLE events (actor integer, ref text);
        CREATE TABLE photos (user_id integer REFERENCES users, path text);
        CREATE TABLE old_photos () INHERITS (photos);
        CREATE TABLE logs (user_id integer REFERENCES users, line text) PARTITION BY LIST (user_id);
        CREATE TABLE logs_a PARTITION OF logs FOR VALUES IN (1);
        """);

    private static Expunge.Catalog.CatalogSnapshot Catalog(TestDatabase database) => database.CatalogAsync().GetAwaiter().GetResult();

    private static PolicyFile Policy(string external) =>
        PolicyReader.Read($"root: users\nexternal: {external}\nsoft_references: {{ events.actor: delete }}\ntables: {{ Old: {{ optional: true, tables: [missing] }} }}", "expunge.yaml");
}
