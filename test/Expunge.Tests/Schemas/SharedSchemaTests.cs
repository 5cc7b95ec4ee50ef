using Expunge.Policy;
using Expunge.Postgres;
using Expunge.Revisions;
using Expunge.Testing;
using Npgsql;
using Xunit;

namespace Expunge.Tests.Schemas;

/// <summary>The main job on the schemas of real applications, with the rows of two users and rows between them.</summary>
public sealed class SharedSchemaTests
{
    public static TheoryData<string> Names => [.. SharedSchemas.Names.DefaultIfEmpty("none")];

    [Theory, MemberData(nameof(Names))]
    public async Task A_user_is_deleted_with_all_that_is_theirs_and_the_schema_restored(string name)
    {
        if (SharedSchemas.Missing() is { } reason) Assert.Skip(reason);
        await using var database = new TestDatabase(await TestServer.EmptyAsync());
        var root = QualifiedName.Parse(SharedSchemas.Root(name));
        await SharedSchemas.BuildAsync(name, database.ConnectionString);
        var filled = await SharedSchemas.FillAsync(root.Sql, database.ConnectionString);
        var before = await database.CatalogTextAsync();

        var policy = await database.InitAsync(root);
        var upgraded = await database.UpgradeAsync(policy);
        Assert.True(upgraded.Succeeded, Failures(upgraded));
        var report = await database.VerifyAsync(policy);
        Assert.True(report.Ok, string.Join('\n', report.Findings));

        if (name == "nakama") await CreateNakamasSystemUserAsync(database, policy, filled);
        await DeleteFirstUserAsync(database, policy, filled);

        var reverted = await database.DowngradeAsync();
        Assert.True(reverted.Succeeded, Failures(reverted));
        await database.CatalogIsAsync(before);
    }

    /// <summary>
    /// Nakama keeps purchases and subscriptions of a deleted user by SET DEFAULT: they fall to its system user, whose id is all zeroes and whom its first migration inserts. The facts hold no
    /// rows and fill.py makes ordinary users only, so here nobody can be deleted until that row is there; PostgreSQL itself refuses, and Expunge says why.
    /// </summary>
    private static async Task CreateNakamasSystemUserAsync(TestDatabase database, PolicyFile policy, SharedSchemas.Filled filled)
    {
        var id = filled.Rows.Single(r => r.User == 0 && Name(r) == policy.Root).Values["id"]!;
        var before = await database.CountAsync();
        var refused = await Assert.ThrowsAsync<ExpungeException>(() => database.DeleteAsync(policy, id));
        Assert.Equal(ErrorCodes.DeletionBlocked, refused.Code);
        Assert.Contains("SET DEFAULT, and its default is the key of no row of public.users", refused.Message, StringComparison.Ordinal);
        Assert.Equal(before, await database.CountAsync());
        await database.ExecuteAsync(
            """
            INSERT INTO users SELECT (jsonb_populate_record(u, '{"id": "00000000-0000-0000-0000-000000000000", "username": ""}')).* FROM users u LIMIT 1
            """);
    }

    private static async Task DeleteFirstUserAsync(TestDatabase database, PolicyFile policy, SharedSchemas.Filled filled)
    {
        var decisions = Decisions.Of(await database.CatalogAsync(), policy);
        var victim = filled.Rows.Single(r => r.User == 0 && Name(r) == policy.Root);
        var id = victim.Values[decisions.Reach.Root.PrimaryKey.Single()]!;
        var gone = Owned(decisions, filled, victim);
        var counts = await database.CountAsync();
        var estimate = await database.EstimateAsync(policy, id);

        var result = await database.DeleteAsync(policy, id);

        Assert.Equal([id], result.Deleted);
        Assert.Equal(estimate.Lines, result.Lines);
        var after = await database.CountAsync();
        Assert.Equal(
            counts.Select(c => (Table: c.Key.Display(policy.Root.Schema), Deleted: c.Value - after[c.Key])).Where(c => c.Deleted != 0).Order(),
            result.Lines.Where(l => l.Deleted > 0).Select(l => (l.Table, l.Deleted)).Order());

        await using var connection = await TestServer.OpenAsync(database.ConnectionString);
        foreach (var row in gone) Assert.True(await CountAsync(connection, row) == 0, $"left: {Show(row)}");
        foreach (var row in filled.Rows.Where(r => r.User == 1)) Assert.True(await CountAsync(connection, row) > 0, $"lost: {Show(row)}");
        foreach (var row in filled.Cross.Where(r => r.MustSurvive)) Assert.True(await CountAsync(connection, row) > 0, $"lost, though only a link of it was the victim's: {Show(row)}");
        foreach (var reference in decisions.All) Assert.Equal((reference.Reference.ToString(), 0L), (reference.Reference.ToString(), await OrphansAsync(connection, reference, gone)));
    }

    /// <summary>The rows of the victim that the decided cascades lead to: found from the values that fill.py wrote, not by the code under test.</summary>
    private static List<SharedSchemas.Row> Owned(Decisions decisions, SharedSchemas.Filled filled, SharedSchemas.Row victim)
    {
        var gone = new List<SharedSchemas.Row> { victim };
        var left = filled.Rows.Where(r => r.User == 0 && r != victim).ToList();
        for (var found = true; found;)
        {
            var next = left.Where(r => decisions.All.Any(d => d.Deletes && d.Reference.Table.Name == Name(r) && gone.Exists(g => Refers(d, r, g)))).ToList();
            gone.AddRange(next);
            found = left.RemoveAll(next.Contains) > 0;
        }

        return gone;
    }

    private static bool Refers(Decision decision, SharedSchemas.Row child, SharedSchemas.Row parent) =>
        decision.Reference.ReferencedTable.Name == Name(parent)
        && decision.Reference.Columns.Zip(decision.Reference.ReferencedColumns).All(p => child.Values[p.First] is { } value && value == parent.Values[p.Second]);

    /// <summary>Rows that still hold a key of a row that is gone.</summary>
    private static async Task<long> OrphansAsync(NpgsqlConnection connection, Decision decision, List<SharedSchemas.Row> gone)
    {
        var reference = decision.Reference;
        var left = 0L;
        foreach (var parent in gone.Where(g => Name(g) == reference.ReferencedTable.Name && reference.ReferencedColumns.All(c => g.Values[c] is not null)))
        {
            left += await CountAsync(connection, reference.Table.Name, reference.Columns.Zip(reference.ReferencedColumns, (c, p) => (c, parent.Values[p])));
        }

        return left;
    }

    private static Task<long> CountAsync(NpgsqlConnection connection, SharedSchemas.Row row) => CountAsync(connection, Name(row), row.Key.Select(k => (k, row.Values[k])));

    private static async Task<long> CountAsync(NpgsqlConnection connection, QualifiedName table, IEnumerable<(string Column, string? Value)> where)
    {
        var conditions = where.ToList();
        await using var command = new NpgsqlCommand(
            $"SELECT count(*) FROM {table.Sql} WHERE {string.Join(" AND ", conditions.Select((c, i) => $"{Identifier.Quote(c.Column)}::text IS NOT DISTINCT FROM ${i + 1}::text"))}", connection);
        foreach (var (_, value) in conditions) command.Parameters.Add(new NpgsqlParameter { Value = (object?)value ?? DBNull.Value, NpgsqlDbType = NpgsqlTypes.NpgsqlDbType.Text });
        return (long)(await command.ExecuteScalarAsync())!;
    }

    private static QualifiedName Name(SharedSchemas.Row row) => new(row.Schema, row.Table);

    private static string Show(SharedSchemas.Row row) => $"{row.Schema}.{row.Table} {string.Join(", ", row.Values.Select(v => $"{v.Key}={v.Value}"))}";

    private static string Failures(RevisionOutcome outcome) =>
        string.Join('\n', outcome.Results.Where(r => r.Failure is not null).Select(r => $"{r.Step.Table}: {r.Failure!.Message}").Concat(outcome.Plan.Problems.Select(p => $"{p.Table}: {p.Reason}")));
}
