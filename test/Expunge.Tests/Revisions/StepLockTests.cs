using Expunge.Postgres;
using Expunge.Revisions;
using Expunge.Testing;
using Npgsql;
using Xunit;

namespace Expunge.Tests.Revisions;

/// <summary>What a step says of its locks is what <c>pg_locks</c> shows while it runs: plan and docs are made from it.</summary>
public sealed class StepLockTests
{
    private const string Partitioned =
        """
        CREATE TABLE samples (id integer, user_id integer REFERENCES users, PRIMARY KEY (id)) PARTITION BY HASH (id);
        CREATE TABLE samples_0 PARTITION OF samples FOR VALUES WITH (MODULUS 2, REMAINDER 0);
        CREATE TABLE samples_1 PARTITION OF samples FOR VALUES WITH (MODULUS 2, REMAINDER 1);
        INSERT INTO samples SELECT n, 1 FROM generate_series(1, 10) n;
        """;

    // Whoever journals a change does so in the transaction that makes it, with its locks in hand.
    private const string Watch =
        """
        CREATE TABLE seen (object text, relation text, mode text);
        CREATE FUNCTION watch() RETURNS trigger LANGUAGE plpgsql SET search_path = public AS $$
        BEGIN
            INSERT INTO seen SELECT NEW.table_name || '.' || NEW.kind, c.relname, l.mode FROM pg_locks l JOIN pg_class c ON c.oid = l.relation
             WHERE l.pid = pg_backend_pid() AND c.relkind IN ('r', 'p') AND c.relnamespace = 'public'::regnamespace AND c.relname <> 'seen';
            RETURN NEW;
        END $$;
        CREATE TRIGGER watch AFTER INSERT ON expunge.step FOR EACH ROW EXECUTE FUNCTION watch();
        """;

    private static readonly string[] Strength = ["ACCESS SHARE", "ROW SHARE", "ROW EXCLUSIVE", "SHARE UPDATE EXCLUSIVE", "SHARE", "SHARE ROW EXCLUSIVE", "EXCLUSIVE", "ACCESS EXCLUSIVE"];

    [Fact]
    public async Task Swaps_and_the_indexes_of_partitioned_tables_take_the_locks_that_they_declare_and_no_others()
    {
        await using var database = await Blog.CreateAsync(Partitioned);
        await using (var connection = await database.Database.OpenMaintenanceAsync(TestContext.Current.CancellationToken)) await Journal.EnsureAsync(connection, acceptPublished: false, TestContext.Current.CancellationToken);
        await database.ExecuteAsync(Watch);
        var plan = await Upgrade.PlanAsync(database.Database, Blog.Policy);

        Assert.True((await database.UpgradeAsync(Blog.Policy)).Succeeded);

        var steps = plan.Steps.Where(s => s is SwapStep or PartitionedSwapStep || (s is CreateIndexStep && s.Table.IsPartitioned)).ToList();
        Assert.True(steps.Count >= 5, $"{steps.Count} steps");
        foreach (var step in steps)
        {
            var seen = await SeenAsync(database, $"{step.Table.Name.Name}.{(step is CreateIndexStep ? "index" : "constraint")}");
            // The index of a partition is built in no transaction; it has a test of its own.
            var declared = Strongest(step.Locks.Where(l => step is not CreateIndexStep || !l.HeldWhileScanning).Select(l => (l.Table.Name, l.Mode)));
            Assert.Equal(declared, seen.Where(s => declared.ContainsKey(s.Key)).ToDictionary());
            // To what it names beside that it does nothing that anybody would notice.
            Assert.All(seen.Where(s => !declared.ContainsKey(s.Key)), s => Assert.True(Array.IndexOf(Strength, s.Value) <= 1, $"{step.Description}: {s.Value} on {s.Key}"));
        }
    }

    [Theory]
    [InlineData("likes")]
    [InlineData("samples")]
    public async Task A_validation_takes_the_locks_that_it_declares(string table)
    {
        Assert.SkipWhen(table == "samples" && await TestServer.MajorVersionAsync() < 18, "Partitioned tables take NOT VALID from PostgreSQL 18; CI runs it there.");
        await using var database = await Blog.CreateAsync(Partitioned);
        var step = (await Upgrade.PlanAsync(database.Database, Blog.Policy)).Steps.OfType<ValidateStep>().First(s => s.Table.Name.Name == table);
        await database.ExecuteAsync($"ALTER TABLE {table} DROP CONSTRAINT {table}_user_id_fkey, ADD CONSTRAINT {table}_user_id_fkey FOREIGN KEY (user_id) REFERENCES users ON DELETE CASCADE NOT VALID");
        await using var connection = await TestServer.OpenAsync(database.ConnectionString);
        await using var transaction = await connection.BeginTransactionAsync();

        await connection.ExecuteAsync(step.Sql.Single(), TestContext.Current.CancellationToken);
        var seen = await LocksAsync(connection, connection.ProcessID);

        Assert.Equal(Strongest(step.Locks.Select(l => (l.Table.Name, l.Mode))), seen);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task An_index_is_built_and_dropped_under_the_lock_that_is_declared(bool built)
    {
        await using var database = await Blog.CreateAsync(built ? "" : "CREATE INDEX ix_likes_user_id ON likes (user_id);");
        var plan = await Upgrade.PlanAsync(database.Database, Blog.Policy);
        var step = built ? plan.Steps.OfType<CreateIndexStep>().Single(s => s.Table.Name.Name == "likes")
            : (Step)new DropIndexStep((await database.CatalogAsync()).Table(new QualifiedName("public", "likes")), new IndexDefinition("ix_likes_user_id", new QualifiedName("public", "likes"), ["user_id"]), [(await database.CatalogAsync()).Table(new QualifiedName("public", "likes"))]);
        // Both wait for older transactions, which gives the time to look.
        await using var older = await TestServer.OpenAsync(database.ConnectionString);
        await using var transaction = await older.BeginTransactionAsync();
        await older.ExecuteAsync("INSERT INTO likes VALUES (1, 'x')", TestContext.Current.CancellationToken);
        await using var worker = await TestServer.OpenAsync(database.ConnectionString);
        var work = worker.ExecuteAsync(step.Sql.Single(), TestContext.Current.CancellationToken);
        await using var watcher = await TestServer.OpenAsync(database.ConnectionString);
        Dictionary<string, string> seen = [];
        while (seen.Count == 0 && !work.IsCompleted) seen = await LocksAsync(watcher, worker.ProcessID);
        await transaction.RollbackAsync();
        await work;

        Assert.Equal(Strongest(step.Locks.Select(l => (l.Table.Name, l.Mode))), seen);
    }

    [Fact]
    public async Task Every_kind_of_step_says_what_it_scans_and_how_it_is_undone()
    {
        await using var database = await Blog.CreateAsync(Partitioned);

        foreach (var step in (await Upgrade.PlanAsync(database.Database, Blog.Policy)).Steps)
        {
            Assert.NotEmpty(step.Undo);
            Assert.NotEmpty(step.Locks);
            Assert.Equal(step is CreateIndexStep or ValidateStep or PartitionedSwapStep, step.Locks.Any(l => l.HeldWhileScanning));
        }
    }

    private static async Task<Dictionary<string, string>> SeenAsync(TestDatabase database, string what)
    {
        await using var connection = await TestServer.OpenAsync(database.ConnectionString);
        return Strongest(await connection.ListAsync("SELECT relation, mode FROM seen WHERE object = $1", r => (r.GetString(0), Words(r.GetString(1))), TestContext.Current.CancellationToken, what));
    }

    private static async Task<Dictionary<string, string>> LocksAsync(NpgsqlConnection connection, int backend) => Strongest(await connection.ListAsync(
        "SELECT c.relname, l.mode FROM pg_locks l JOIN pg_class c ON c.oid = l.relation WHERE l.pid = $1 AND l.granted AND c.relkind IN ('r', 'p') AND c.relnamespace = 'public'::regnamespace",
        r => (r.GetString(0), Words(r.GetString(1))), TestContext.Current.CancellationToken, backend));

    private static Dictionary<string, string> Strongest(IEnumerable<(string Table, string Mode)> locks) =>
        locks.GroupBy(l => l.Table).OrderBy(g => g.Key, StringComparer.Ordinal).ToDictionary(g => g.Key, g => g.MaxBy(l => Array.IndexOf(Strength, l.Mode)).Mode, StringComparer.Ordinal);

    // AccessExclusiveLock → ACCESS EXCLUSIVE
    private static string Words(string mode) => string.Concat(mode[..^"Lock".Length].Select((c, i) => i > 0 && char.IsUpper(c) ? $" {c}" : $"{c}")).ToUpperInvariant();
}
