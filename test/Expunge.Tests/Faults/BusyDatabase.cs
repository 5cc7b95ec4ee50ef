using Expunge.Deletion;
using Expunge.Policy;
using Expunge.Postgres;
using Expunge.Receipts;
using Expunge.Testing;
using Npgsql;
using Xunit;

namespace Expunge.Tests.Faults;

/// <summary>
/// Users who are to be deleted, a whale among them, and users who stay, while the application goes on writing to all of them. Triggers keep a tally of their own of every row that comes and goes, who did it and
/// whose it was, in the transaction that did it: what the deletion has recorded must agree with it at every moment.
/// </summary>
internal sealed class BusyDatabase(string connectionString) : IAsyncDisposable
{
    public const int First = 1000;
    public const int Subjects = 250;
    public const int Whale = 1020;
    public const int WhaleRows = 25_000;

    /// <summary>The rows from the start; writers' have numbers of their own.</summary>
    private const int Writers = 1_000_000;

    private const string Schema =
        """
        CREATE TABLE users (id integer PRIMARY KEY, name text);
        CREATE TABLE posts (id integer PRIMARY KEY, owner integer NOT NULL REFERENCES users ON DELETE CASCADE, text text);
        CREATE TABLE comments (id integer PRIMARY KEY, post_id integer NOT NULL REFERENCES posts ON DELETE CASCADE, owner integer NOT NULL, text text);
        CREATE TABLE likes (id integer PRIMARY KEY, user_id integer REFERENCES users ON DELETE SET NULL, owner integer NOT NULL);
        CREATE TABLE visits (id integer PRIMARY KEY, owner integer NOT NULL);
        CREATE INDEX ON posts (owner); CREATE INDEX ON comments (post_id); CREATE INDEX ON likes (user_id); CREATE INDEX ON visits (owner);
        CREATE SEQUENCE numbers START 1000000;
        INSERT INTO users SELECT n, 'user' FROM generate_series(1, 50) n;
        INSERT INTO users SELECT n, 'user' FROM generate_series(1000, 1249) n;
        INSERT INTO posts SELECT 10 * u.id + n, u.id, 'text' FROM users u, generate_series(1, 3) n;
        INSERT INTO comments SELECT 10 * p.id + n, p.id, p.owner, 'text' FROM posts p, generate_series(1, 2) n;
        INSERT INTO comments SELECT 200000 + n, 10201, 1020, 'text' FROM generate_series(1, 25000) n;
        INSERT INTO likes SELECT id, id, id FROM users;
        INSERT INTO visits SELECT id, id FROM users;

        CREATE TABLE tally (table_name text, action text, id integer, owner integer, writer boolean);
        CREATE FUNCTION tally() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
          INSERT INTO public.tally SELECT TG_TABLE_NAME, TG_OP, (r->>'id')::int, coalesce(r->>'owner', r->>'id')::int, current_setting('application_name') = 'writer'
            FROM (SELECT to_jsonb(CASE WHEN TG_OP = 'INSERT' THEN NEW ELSE OLD END)) rows (r);
          RETURN NULL;
        END $$;
        CREATE TRIGGER tally AFTER INSERT OR DELETE ON users FOR EACH ROW EXECUTE FUNCTION tally();
        CREATE TRIGGER tally AFTER INSERT OR DELETE ON posts FOR EACH ROW EXECUTE FUNCTION tally();
        CREATE TRIGGER tally AFTER INSERT OR DELETE ON comments FOR EACH ROW EXECUTE FUNCTION tally();
        CREATE TRIGGER tally AFTER INSERT OR DELETE OR UPDATE OF user_id ON likes FOR EACH ROW EXECUTE FUNCTION tally();
        CREATE TRIGGER tally AFTER INSERT OR DELETE ON visits FOR EACH ROW EXECUTE FUNCTION tally();

        -- A deletion of a few hundred is over before anybody could kill it a dozen times.
        CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM pg_sleep(0.02); RETURN NULL; END';
        CREATE TRIGGER slow AFTER DELETE ON users FOR EACH STATEMENT EXECUTE FUNCTION slow();
        ANALYZE;
        """;

    public const string PolicyText = "root: users\nreferences: { likes.user_id: set null }\nsoft_references: { visits.owner: delete }\n";

    // What holds of a subject's rows from the start: all of them are there, or none.
    private const string Halves =
        """
        SELECT coalesce(string_agg(s.id::text, ', '), '') FROM generate_series(1000, 1249) AS s(id)
         WHERE s.id <> ALL ($1) AND ARRAY[
               (SELECT count(*) FROM users WHERE id = s.id),
               (SELECT count(*) FROM posts WHERE id BETWEEN 10 * s.id + 1 AND 10 * s.id + 3) / 3.0,
               (SELECT count(*) FROM comments WHERE id BETWEEN 100 * s.id + 11 AND 100 * s.id + 32) / 6.0,
               CASE WHEN s.id = 1020 THEN (SELECT count(*) FROM comments WHERE id BETWEEN 200001 AND 225000) / 25000.0 ELSE (SELECT count(*) FROM users WHERE id = s.id) END,
               (SELECT count(*) FROM likes WHERE user_id = s.id),
               (SELECT count(*) FROM visits WHERE owner = s.id)]::numeric[] NOT IN (ARRAY[0.0, 0, 0, 0, 0, 0], ARRAY[1.0, 1, 1, 1, 1, 1])
        """;

    public static readonly PolicyFile Policy = PolicyReader.Read(PolicyText, null);

    private readonly CancellationTokenSource _stop = new();
    private readonly List<Task> _writing = [];
    private DeletionJob _job = null!;

    public TestDatabase Test { get; } = new(connectionString);

    public long Deletion => _job.Id;

    /// <summary>Fills the database, asks for the deletion and begins to write.</summary>
    public async Task BeginAsync(int seed)
    {
        await Test.ExecuteAsync(Schema);
        (_job, _) = await Deletions.CreateAsync(Test.Database, Policy, new DeletionRequest { Ids = Enumerable.Range(First, Subjects).Select(n => $"{n}").ToAsyncEnumerable() });
        // The test server commits asynchronously: a crash takes the last commits along.
        await Test.ExecuteAsync("CHECKPOINT");
        for (var n = 0; n < 2; n++)
        {
            var random = new Random(seed + n);
            _writing.Add(Task.Run(() => WriteAsync(random)));
        }
    }

    public async Task StopWritingAsync()
    {
        await _stop.CancelAsync();
        await Task.WhenAll(_writing);
    }

    /// <summary>How often the whale was found half deleted.</summary>
    public int Halfway { get; private set; }

    /// <summary>How far it is: more with every transaction of the deletion.</summary>
    public Task<long> ProgressAsync() => Test.ScalarAsync<long>("SELECT coalesce(sum(deleted + updated), 0)::bigint FROM expunge.deletion_rows");

    public async Task<bool> IsOverAsync() => (await Deletions.ReadAsync(Test.Database, Deletion)).IsOver;

    public Task<DeletionJob> RunAsync(DeletionOptions options) => DeletionRunner.RunAsync(Test.Database, Policy, Deletion, options, TestContext.Current.CancellationToken);

    /// <summary>What must hold at any moment at which no deletion is at work.</summary>
    /// <param name="when">For the failure.</param>
    public async Task IsWholeAsync(string when)
    {
        // In one snapshot: of a killed client the server may still finish what it was told.
        await using var connection = await TestServer.OpenAsync(Test.ConnectionString);
        await using var snapshot = await connection.BeginTransactionAsync(System.Data.IsolationLevel.RepeatableRead);
        var cancellation = TestContext.Current.CancellationToken;
        var begun = await connection.ListAsync("SELECT key::int FROM expunge.deletion_subject WHERE state = 'finishing'", r => r.GetInt32(0), cancellation);
        Assert.True(begun.Count == 0 || begun is [Whale], when);
        if (begun.Count > 0) Halfway++;
        Is("", await connection.ScalarAsync<string>(Halves, cancellation, begun.ToArray()), "half deleted");
        Is(0L, await connection.ScalarAsync<long>("SELECT count(*) FROM expunge.deletion_subject s JOIN users u ON u.id = 999 + s.place WHERE s.state NOT IN ('pending', 'finishing')", cancellation), "recorded as done and still there");
        Is(0L, await connection.ScalarAsync<long>("SELECT count(*) FROM expunge.deletion_subject s WHERE s.state IN ('pending', 'finishing') AND NOT EXISTS (SELECT FROM users u WHERE u.id = 999 + s.place)", cancellation), "gone and not recorded");
        Is("", await connection.ScalarAsync<string>("SELECT coalesce(string_agg(DISTINCT format('%s %s', table_name, owner), ', '), '') FROM tally WHERE NOT writer AND owner NOT BETWEEN 1000 AND 1249", cancellation), "somebody else's rows");
        Is("", await connection.ScalarAsync<string>("SELECT coalesce(string_agg(format('%s %s', table_name, id), ', '), '') FROM (SELECT table_name, id FROM tally WHERE action <> 'INSERT' AND NOT writer GROUP BY 1, 2 HAVING count(*) > 1) twice", cancellation), "twice");
        Is(
            await connection.ScalarAsync<string>("SELECT coalesce(string_agg(l, ', ' ORDER BY l), '') FROM (SELECT format('%s %s %s', table_name, count(*) FILTER (WHERE action = 'DELETE'), count(*) FILTER (WHERE action = 'UPDATE')) FROM tally WHERE NOT writer GROUP BY table_name) lines (l)", cancellation),
            await connection.ScalarAsync<string>("SELECT coalesce(string_agg(l, ', ' ORDER BY l), '') FROM (SELECT format('%s %s %s', table_name, deleted, updated) FROM expunge.deletion_rows) lines (l)", cancellation),
            "recorded rows");

        void Is<T>(T expected, T actual, string what) => Assert.True(Equals(expected, actual), $"{when}: {what}: expected {expected}, but: {actual}");
    }

    /// <summary>All are gone, once; the rows of the others are those from the start and those that the application wrote; the receipt says what the tally says.</summary>
    public async Task IsDoneAsync(string when)
    {
        var done = await Deletions.ReadAsync(Test.Database, Deletion);
        Assert.True((done.State, done.Subjects.Deleted) == (DeletionState.Completed, Subjects), $"{when}: {done} {string.Join('\n', await Deletions.FailuresAsync(Test.Database, Deletion))}");
        await IsWholeAsync(when);
        var receipt = Receipt.Read(System.Text.Encoding.UTF8.GetBytes(await Test.ScalarAsync<string>("SELECT receipt FROM expunge.deletion")));
        Assert.Equal((Subjects, await Test.ScalarAsync<long>("SELECT count(*) FROM tally WHERE action = 'DELETE' AND NOT writer")), (receipt.Deleted, receipt.TotalDeleted));
        foreach (var (table, perUser) in new[] { ("users", 1), ("posts", 3), ("comments", 6), ("visits", 1) })
        {
            var written = await Test.ScalarAsync<long>("SELECT coalesce(sum(CASE action WHEN 'INSERT' THEN 1 ELSE -1 END), 0)::bigint FROM tally WHERE table_name = $1 AND owner < 1000", table);
            Assert.True(50 * perUser + written == await Test.ScalarAsync<long>($"SELECT count(*) FROM {table}"), $"{when}: {table}");
        }
    }

    // One row a statement: two of them can't deadlock, and of any the deletion may be in the middle.
    private async Task WriteAsync(Random random)
    {
        var settings = new NpgsqlConnectionStringBuilder(Test.ConnectionString) { ApplicationName = "writer" };
        while (!_stop.IsCancellationRequested)
        {
            try
            {
                await using var connection = await TestServer.OpenAsync(settings.ConnectionString);
                while (!_stop.IsCancellationRequested)
                {
                    var user = random.Next(4) switch { 0 => random.Next(1, 51), 1 => Whale, _ => random.Next(First, First + Subjects) };
                    await WriteAsync(connection, random, user);
                    await Task.Delay(random.Next(5));
                }
            }
            catch (Exception e) when (e is NpgsqlException or IOException)
            {
                // The server was stopped.
            }
        }
    }

    private static async Task WriteAsync(NpgsqlConnection connection, Random random, int user)
    {
        var sql = random.Next(6) switch
        {
            0 => $"INSERT INTO posts VALUES (nextval('numbers'), {user}, 'new')",
            1 or 2 => $"INSERT INTO comments SELECT nextval('numbers'), id, owner, 'new' FROM posts WHERE owner = {user} LIMIT 1",
            3 => $"UPDATE comments SET text = text || '.' WHERE id = (SELECT c.id FROM comments c JOIN posts p ON p.id = c.post_id WHERE p.owner = {user} LIMIT 1 OFFSET {random.Next(6)})",
            4 => $"UPDATE users SET name = name || '.' WHERE id = {user}",
            _ => $"DELETE FROM comments WHERE id = (SELECT c.id FROM comments c JOIN posts p ON p.id = c.post_id WHERE p.owner = {user} AND c.id > {Writers} LIMIT 1)",
        };
        try
        {
            await connection.ExecuteAsync(sql, CancellationToken.None);
        }
        catch (PostgresException e) when (e.SqlState == SqlStates.ForeignKeyViolation)
        {
            // The user is gone by now.
        }
    }

    public async ValueTask DisposeAsync()
    {
        await StopWritingAsync();
        await Test.DisposeAsync();
        _stop.Dispose();
    }
}
