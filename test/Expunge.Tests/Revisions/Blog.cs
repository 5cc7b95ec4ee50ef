using Expunge.Policy;
using Expunge.Postgres;
using Expunge.Testing;

namespace Expunge.Tests.Revisions;

/// <summary>A database of a few tables, for what needs no more: two direct references, one indirect, none of them with an index or an action.</summary>
internal static class Blog
{
    public const string Schema =
        """
        CREATE TABLE users (id integer PRIMARY KEY, name text);
        CREATE TABLE posts (id integer PRIMARY KEY, user_id integer NOT NULL REFERENCES users);
        CREATE TABLE comments (id integer PRIMARY KEY, post_id integer REFERENCES posts, text text);
        CREATE TABLE likes (user_id integer REFERENCES users, post text);
        INSERT INTO users SELECT n, 'user ' || n FROM generate_series(1, 3) n;
        INSERT INTO posts SELECT 10 * u + n, u FROM generate_series(1, 3) u, generate_series(1, 2) n;
        INSERT INTO comments SELECT 10 * p.id, p.id, 'text' FROM posts p;
        INSERT INTO likes SELECT u, 'a post' FROM generate_series(1, 3) u;
        """;

    public static readonly PolicyFile Policy = new() { Root = QualifiedName.Parse("users") };

    public static async Task<TestDatabase> CreateAsync(string more = "")
    {
        var database = new TestDatabase(await TestServer.EmptyAsync());
        await database.ExecuteAsync(Schema + more);
        return database;
    }
}
