using Expunge.Catalog;
using Expunge.Policy;
using Expunge.Postgres;
using Expunge.Revisions;
using Expunge.Testing;
using Npgsql;
using Xunit;

namespace Expunge.Cli.Tests;

/// <summary>The table of locks in docs/what-upgrade-does.md is what the steps declare of themselves; that this is what PostgreSQL takes, StepLockTests compares with pg_locks.</summary>
public sealed class DocsLocksTests
{
    private const string Page = "docs/what-upgrade-does.md";

    private const string Schema =
        """
        CREATE TABLE users (id integer PRIMARY KEY);
        CREATE TABLE child (id integer PRIMARY KEY, user_id integer NOT NULL REFERENCES users);
        CREATE TABLE parted (id integer, user_id integer NOT NULL REFERENCES users, PRIMARY KEY (id)) PARTITION BY HASH (id);
        CREATE TABLE leaf PARTITION OF parted FOR VALUES WITH (MODULUS 1, REMAINDER 0);
        """;

    [Fact]
    public async Task The_table_of_locks_is_what_the_steps_declare()
    {
        var connectionString = await TestServer.EmptyAsync();
        await TestServer.ExecuteAsync(connectionString, Schema);
        await using var database = new Database(new NpgsqlConnectionStringBuilder(connectionString));
        var policy = new PolicyFile { Root = new QualifiedName("public", "users") };
        var catalog = await database.ReadCatalogAsync();
        // The way from 18 and the one before it: the steps say the same on every server.
        var steps = ((int[])[180000, 170000]).SelectMany(v => Planner.Upgrade(Decisions.Of(new CatalogSnapshot(catalog.Server with { VersionNumber = v }, catalog.Tables, catalog.ForeignKeys), policy)).Steps).ToList();
        await Upgrade.ApplyAsync(database, policy, new UpgradeOptions());
        steps.AddRange((await Downgrade.PlanAsync(database, (await Journal.RevisionsAsync(database)).Single())).Steps.OfType<DropIndexStep>());

        List<string> table = ["| step | lock | on | held | undone by |", "|---|---|---|---|---|"];
        table.AddRange(steps.DistinctBy(s => (s.GetType(), s.Table.IsPartitioned)).SelectMany(Rows));

        var lines = DocsPages.LinesOf(Page).ToList();
        var from = lines.IndexOf("<!-- locks -->") + 1;
        var to = lines.FindIndex(from, l => l.Length == 0);
        if (Environment.GetEnvironmentVariable("EXPUNGE_UPDATE_DOCS") == "1") await File.WriteAllTextAsync(DocsPages.PathOf(Page), string.Join('\n', lines[..from].Concat(table).Concat(lines[to..])), TestContext.Current.CancellationToken);
        else Assert.Equal(table, lines[from..to]);
    }

    private static IEnumerable<string> Rows(Step step) => step.Locks.Select((l, i) =>
        $"| {(i == 0 ? $"{step.Phase}{(step.Table.IsPartitioned && step is not PartitionedSwapStep ? " of a partitioned table" : "")}" : "")} | {l.Mode} | {On(step.Table, l)} | {(l.HeldWhileScanning ? "while it scans" : "milliseconds")} | {(i == 0 ? step.Undo : "")} |");

    private static string On(Table table, StepLock step) => step.Table.Name switch
    {
        "users" => "the referenced table",
        "leaf" => "each partition",
        _ when table.IsPartitioned => "the partitioned table",
        _ => "the table",
    };
}
