using Expunge.Deletion;
using Expunge.Policy;
using Expunge.Postgres;
using Expunge.Testing;
using Xunit;

namespace Expunge.Tests.Faults;

/// <summary>Five users with a few rows in tables of every kind: a cascade, one at depth 2, SET NULL, a soft reference. User 2 may be a whale, with rows at depth 2.</summary>
internal sealed class FaultDatabase(string connectionString) : IAsyncDisposable
{
    public const int WhaleRows = 25_000;

    private const string Schema =
        """
        CREATE TABLE users (id integer PRIMARY KEY, name text);
        CREATE TABLE posts (id integer PRIMARY KEY, owner integer NOT NULL REFERENCES users ON DELETE CASCADE);
        CREATE TABLE comments (id integer PRIMARY KEY, post_id integer NOT NULL REFERENCES posts ON DELETE CASCADE, owner integer NOT NULL, text text);
        CREATE TABLE likes (id integer PRIMARY KEY, user_id integer REFERENCES users ON DELETE SET NULL, owner integer NOT NULL);
        CREATE TABLE visits (id integer PRIMARY KEY, owner integer NOT NULL);
        CREATE INDEX ON posts (owner); CREATE INDEX ON comments (post_id); CREATE INDEX ON likes (user_id); CREATE INDEX ON visits (owner);
        INSERT INTO users SELECT n, 'user' FROM generate_series(1, 5) n;
        INSERT INTO posts SELECT 10 * u.id + n, u.id FROM users u, generate_series(1, 3) n;
        INSERT INTO comments SELECT 10 * p.id + n, p.id, p.owner, 'text' FROM posts p, generate_series(1, 2) n;
        INSERT INTO likes SELECT id, id, id FROM users;
        INSERT INTO visits SELECT id, id FROM users;
        """;

    public static readonly PolicyFile Policy = PolicyReader.Read("root: users\nreferences: { likes.user_id: set null }\nsoft_references: { visits.owner: delete }\n", null);

    private long _deletion;

    public TestDatabase Test { get; } = new(connectionString);

    public Database Database => Test.Database;

    /// <param name="more">SQL to be done after the tables are filled.</param>
    /// <param name="whale">Whether user 2 has so many comments that it is deleted in chunks.</param>
    public static async Task<FaultDatabase> CreateAsync(string more = "", bool whale = false)
    {
        var database = new FaultDatabase(await TestServer.EmptyAsync());
        await database.Test.ExecuteAsync($"{Schema}{(whale ? $"INSERT INTO comments SELECT 10000 + n, 21, 2, 'text' FROM generate_series(1, {WhaleRows}) n; ANALYZE;" : "")}{more}");
        return database;
    }

    public async Task<DeletionJob> AskAsync(params IEnumerable<int> users)
    {
        var (job, _) = await Deletions.CreateAsync(Database, Policy, new DeletionRequest { Ids = users.Select(u => $"{u}").ToAsyncEnumerable() });
        _deletion = job.Id;
        return job;
    }

    public Task<DeletionJob> RunAsync(DeletionOptions? options = null, Database? by = null) => DeletionRunner.RunAsync(by ?? Database, Policy, _deletion, options ?? new DeletionOptions(), TestContext.Current.CancellationToken);

    public async Task<string> OnlyFailureAsync() => Assert.Single(await Deletions.FailuresAsync(Database, _deletion)).Reason;

    public async Task<IReadOnlyList<int>> UsersAsync() => await Test.ScalarAsync<int[]>("SELECT coalesce(array_agg(id ORDER BY id), '{}') FROM users");

    /// <summary>Every row of one user, to the letter.</summary>
    public Task<string> RowsOfAsync(int user) => Test.ScalarAsync<string>(
        """
        SELECT string_agg(r, ' ' ORDER BY r) FROM (
            SELECT 'users ' || md5(u::text) FROM users u WHERE id = $1
            UNION ALL SELECT 'posts ' || md5(string_agg(p::text, ' ' ORDER BY id)) FROM posts p WHERE owner = $1
            UNION ALL SELECT 'comments ' || md5(string_agg(c::text, ' ' ORDER BY id)) FROM comments c WHERE owner = $1
            UNION ALL SELECT 'likes ' || md5(string_agg(l::text, ' ' ORDER BY id)) FROM likes l WHERE owner = $1
            UNION ALL SELECT 'visits ' || md5(string_agg(v::text, ' ' ORDER BY id)) FROM visits v WHERE owner = $1) rows (r)
        """, user);

    /// <summary>Whether nothing of a user is there but the likes that stay without it.</summary>
    public async Task IsGoneAsync(params IEnumerable<int> users)
    {
        foreach (var user in users)
        {
            Assert.Equal(0, await Test.ScalarAsync<long>("SELECT (SELECT count(*) FROM users WHERE id = $1) + (SELECT count(*) FROM posts WHERE owner = $1) + (SELECT count(*) FROM comments WHERE owner = $1) + (SELECT count(*) FROM likes WHERE user_id = $1) + (SELECT count(*) FROM visits WHERE owner = $1)", user));
        }
    }

    /// <summary>Whether the recorded rows are those that are missing now.</summary>
    public static void HasCounted(Dictionary<QualifiedName, long> before, Dictionary<QualifiedName, long> after, DeletionJob job) => Assert.Equal(
        before.Where(b => b.Key.Schema == "public" && b.Value != after[b.Key]).Select(b => (b.Key.Name, b.Value - after[b.Key])).Order(),
        job.Lines.Where(l => l.Deleted > 0).Select(l => (l.Table, l.Deleted)).Order());

    public ValueTask DisposeAsync() => Test.DisposeAsync();
}
