using Expunge.Policy;
using Expunge.Postgres;
using Expunge.Revisions;
using Expunge.Testing;
using Npgsql;
using Xunit;

namespace Expunge.Tests.Faults;

/// <summary>
/// The smallest database whose upgrade has every kind of step: indexes to build, of a partitioned table too, two constraints to swap in one table, one to add, a duplicate to drop, one that is only to be
/// validated, and a partitioned table's. With what must hold whenever it is interrupted.
/// </summary>
internal static class EveryStep
{
    public const string Schema =
        """
        CREATE TABLE users (id integer PRIMARY KEY);
        CREATE TABLE posts (id integer PRIMARY KEY, author_id integer REFERENCES users, editor_id integer REFERENCES users ON DELETE RESTRICT DEFERRABLE);
        COMMENT ON CONSTRAINT posts_author_id_fkey ON posts IS 'who wrote it';
        CREATE INDEX ON posts (editor_id);
        CREATE TABLE likes (user_id integer CONSTRAINT first REFERENCES users CONSTRAINT second REFERENCES users ON DELETE SET NULL);
        CREATE INDEX ON likes (user_id);
        CREATE TABLE notes (user_id integer);
        ALTER TABLE notes ADD FOREIGN KEY (user_id) REFERENCES users ON DELETE CASCADE NOT VALID;
        CREATE INDEX ON notes (user_id);
        CREATE TABLE audit (actor integer);
        CREATE INDEX ON audit (actor);
        CREATE TABLE samples (id integer, user_id integer REFERENCES users) PARTITION BY LIST (id);
        CREATE TABLE samples_0 PARTITION OF samples FOR VALUES IN (0);
        CREATE TABLE samples_1 PARTITION OF samples FOR VALUES IN (1);
        INSERT INTO users VALUES (1), (2);
        INSERT INTO posts VALUES (1, 1, 2);
        INSERT INTO likes VALUES (1);
        INSERT INTO notes VALUES (1);
        INSERT INTO audit VALUES (1);
        INSERT INTO samples VALUES (0, 1), (1, 2);
        """;

    // Every reference from the start, each partition for itself.
    private const string Orphans =
        """
        DO $$
        DECLARE orphan text; refused bool;
        BEGIN
          FOREACH orphan IN ARRAY ARRAY['posts (id, author_id) VALUES (9, -1)', 'posts (id, editor_id) VALUES (9, -1)', 'likes VALUES (-1)', 'notes VALUES (-1)', 'samples VALUES (0, -1)', 'samples VALUES (1, -1)'] LOOP
            refused := false;
            BEGIN
              EXECUTE 'INSERT INTO ' || orphan;
            EXCEPTION WHEN foreign_key_violation THEN
              refused := true;
            END;
            IF NOT refused THEN RAISE 'not refused: INSERT INTO %', orphan; END IF;
          END LOOP;
        END $$
        """;

    // A partitioned table's foreign key and those that PostgreSQL derived from it are on different tables. The temporary ones are those of PartitionedSwapStep.
    private const string Overlaps =
        """
        SELECT replace(format('%s: %s %s beside %s %s', a.conrelid::regclass, a.conname, pg_get_constraintdef(a.oid), b.conname, pg_get_constraintdef(b.oid)), ' NOT VALID', '')
          FROM pg_constraint a JOIN pg_constraint b ON a.conrelid = b.conrelid AND a.confrelid = b.confrelid AND a.contype = 'f' AND b.contype = 'f' AND a.conname < b.conname
         WHERE a.conkey @> b.conkey AND b.conkey @> a.conkey AND a.connamespace::regnamespace::text <> 'expunge'
           AND (current_setting('server_version_num')::int >= 180000 OR concat(a.conname, b.conname) NOT LIKE '%expunge\_tmp\_%')
        """;

    public const string PolicyText = "root: users\nreferences: { posts.author_id: cascade, posts.editor_id: set null }\nsoft_references: { audit.actor: { action: delete, enforce: true } }\n";

    public static readonly PolicyFile Policy = PolicyReader.Read(PolicyText, null);

    // One connection validates: the messages come in the same order each time.
    public static readonly UpgradeOptions Options = new() { ValidateJobs = 1 };

    private static readonly Lazy<Task<(string Before, string After, List<string> Overlaps)>> Undisturbed = new(async () =>
    {
        await using var database = await CreateAsync();
        var (before, overlaps) = (await database.CatalogTextAsync(), await OverlapsAsync(database));
        Assert.Single(overlaps);
        Assert.True((await Upgrade.ApplyAsync(database.Database, Policy, Options)).Succeeded);
        Assert.Empty(await OverlapsAsync(database));
        return (before, await database.CatalogTextAsync(), overlaps);
    });

    public static async Task<TestDatabase> CreateAsync() => new(await TestServer.CopyAsync("every_step", connection => ExecuteAsync(connection, Schema)));

    /// <summary>The same after its upgrade.</summary>
    public static async Task<TestDatabase> UpgradedAsync() => new(await TestServer.CopyAsync("every_step_upgraded", async connection =>
    {
        await ExecuteAsync(connection, Schema);
        await using var database = new Database(new NpgsqlConnectionStringBuilder((await TestServer.Server).ConnectionStringTo(connection.Database)));
        Assert.True((await Upgrade.ApplyAsync(database, Policy, Options)).Succeeded);
    }));

    /// <summary>At this moment no reference is unchecked, and no two foreign keys act on the same columns, but for the pair that was there from the start.</summary>
    public static async Task IsSafeAsync(TestDatabase database)
    {
        await database.ExecuteAsync(Orphans);
        var overlaps = (await OverlapsAsync(database)).Except((await Undisturbed.Value).Overlaps).ToList();
        Assert.True(overlaps.Count == 0, string.Join('\n', overlaps));
    }

    /// <summary>However it was interrupted: the next upgrade ends as an undisturbed one, the next downgrade with what was there before.</summary>
    /// <param name="database">The database.</param>
    /// <param name="revertFirst">Whether what was interrupted is reverted before it is upgraded.</param>
    public static async Task IsResumedAsync(TestDatabase database, bool revertFirst = false)
    {
        if (revertFirst || await IsRevertingAsync(database)) await RevertAsync(database);
        await IsUpgradedAsync(database);
        await RevertAsync(database);
    }

    public static async Task RevertAsync(TestDatabase database)
    {
        // None where it was interrupted before it wrote anything down, or in its last moment.
        foreach (var revision in Downgrade.Targets(await Journal.RevisionsAsync(database.Database), toBase: false)) Succeeded(await Downgrade.RevertAsync(database.Database, revision, Options));
        await database.CatalogIsAsync((await Undisturbed.Value).Before);
    }

    public static async Task IsAppliedAsync(TestDatabase database)
    {
        await database.CatalogIsAsync((await Undisturbed.Value).After);
        Assert.True((await database.VerifyAsync(Policy)).Ok);
    }

    public static async Task IsRevertedAsync(TestDatabase database) => await database.CatalogIsAsync((await Undisturbed.Value).Before);

    private static async Task IsUpgradedAsync(TestDatabase database)
    {
        Succeeded(await Upgrade.ApplyAsync(database.Database, Policy, Options));
        await IsAppliedAsync(database);
    }

    private static void Succeeded(RevisionOutcome outcome) => Assert.True(outcome.Succeeded, string.Join('\n', outcome.Results.Select(r => r.Failure?.Message)));

    private static async Task<bool> IsRevertingAsync(TestDatabase database) => (await Journal.RevisionsAsync(database.Database)).Any(r => r.State == RevisionState.Reverting);

    private static async Task<List<string>> OverlapsAsync(TestDatabase database)
    {
        await using var connection = await TestServer.OpenAsync(database.ConnectionString);
        return await connection.ListAsync(Overlaps, r => r.GetString(0), TestContext.Current.CancellationToken);
    }

    private static async Task ExecuteAsync(NpgsqlConnection connection, string sql)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync();
    }
}
