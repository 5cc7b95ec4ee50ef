using CsCheck;
using Expunge.Deletion;
using Expunge.Policy;
using Expunge.Postgres;
using Expunge.Revisions;
using Expunge.Testing;
using Npgsql;
using Xunit;

namespace Expunge.Tests.Schemas;

/// <summary>The main job on schemas that nobody thought of.</summary>
public sealed class RandomSchemaTests(ITestOutputHelper output)
{
    [Fact]
    public async Task Any_schema_is_upgraded_restored_and_loses_half_of_its_subjects_one_by_one_and_no_more()
    {
        var version = await TestServer.MajorVersionAsync();
        await RandomSchema.Gen.Select(s => s.Plain).HoldAsync(schema => RunAsync(schema, version), cases: 12, version, output);
    }

    private static async Task RunAsync(RandomSchema schema, int version)
    {
        await using var database = new TestDatabase(await TestServer.EmptyAsync());
        await database.ExecuteAsync(schema.Sql(version));
        var before = await database.CatalogTextAsync();
        var policy = await database.InitAsync(schema.Tables[0].Name);

        Succeeded(await database.UpgradeAsync(policy));
        var upgraded = await database.CatalogTextAsync();
        var report = await database.VerifyAsync(policy);
        Assert.True(report.Ok, string.Join('\n', report.Findings));
        Assert.Empty((await database.UpgradeAsync(policy)).Results);
        await database.CatalogIsAsync(upgraded);

        Succeeded(await database.DowngradeAsync());
        await database.CatalogIsAsync(before);

        Succeeded(await database.UpgradeAsync(policy));
        await database.CatalogIsAsync(upgraded);

        await DeleteAllAsync(database, schema, policy);
        await TestServer.ExecuteAsync(new NpgsqlConnectionStringBuilder(database.ConnectionString) { Database = "postgres" }.ConnectionString, $"DROP DATABASE {Identifier.Quote(new NpgsqlConnectionStringBuilder(database.ConnectionString).Database!)} WITH (FORCE)");
    }

    private static async Task DeleteAllAsync(TestDatabase database, RandomSchema schema, PolicyFile policy)
    {
        await using var connection = await TestServer.OpenAsync(database.ConnectionString);
        var catalog = await database.CatalogAsync();
        var root = schema.Tables[0].Name;
        // What init lets block: a subject that can't be without another one, or without something of another one's.
        var mayBlock = schema.References.Any(r => r.From == 0 && r.ColumnsOf().All(c => c.NotNull));
        var inChunks = false;
        foreach (var id in (await DatabaseRows.ReadAsync(connection, catalog)).Of(root).Select(r => r["id"]!).Take(RandomSchema.Rows / 2))
        {
            var rows = await DatabaseRows.ReadAsync(connection, catalog);
            if (rows.Of(root).FirstOrDefault(r => r["id"] == id) is not { } subject) continue;
            var model = new DeletionModel(catalog, rows);
            model.Delete(subject);
            var estimate = await database.EstimateAsync(policy, id);
            Assert.Equal(model.Blocked, !estimate.Blockers.IsEmpty);
            inChunks = !inChunks;
            if (inChunks)
            {
                await DeleteInChunksAsync(database, policy, id, model);
            }
            else if (model.Blocked)
            {
                Assert.True(mayBlock, $"{id} is blocked by {string.Join(", ", estimate.Blockers)}");
                Assert.Equal(ErrorCodes.DeletionBlocked, (await Assert.ThrowsAsync<ExpungeException>(() => database.DeleteAsync(policy, id))).Code);
            }
            else
            {
                var result = await database.DeleteAsync(policy, id);
                Assert.Equal(Lines(model, root.Schema), result.Lines.Select(l => (l.Table, l.Deleted, l.Updated)).Order());
                Assert.Equal(estimate.Lines, result.Lines);
                Assert.Equal(1, model.Deleted[root]);
            }

            Assert.Equal(rows.Text(), (await DatabaseRows.ReadAsync(connection, catalog)).Text());
        }
    }

    private static async Task DeleteInChunksAsync(TestDatabase database, PolicyFile policy, string id, DeletionModel model)
    {
        var (job, _) = await Deletions.CreateAsync(database.Database, policy, new DeletionRequest { Ids = new[] { id }.ToAsyncEnumerable() });
        var done = await DeletionRunner.RunAsync(database.Database, policy, job.Id, new DeletionOptions { AlwaysInChunks = true });
        if (!model.Blocked)
        {
            Assert.Equal((DeletionState.Completed, 1L), (done.State, done.Subjects.Deleted));
            Assert.Equal(Lines(model, policy.Root.Schema), done.Lines.Select(l => (l.Table, l.Deleted, l.Updated)).Order());
            return;
        }

        var failure = Assert.Single(await Deletions.FailuresAsync(database.Database, job.Id));
        Assert.Contains(ErrorCodes.DeletionBlocked, failure.Reason, StringComparison.Ordinal);
        Assert.True(done is { State: DeletionState.Failed, TotalDeleted: 0 }, $"{done.TotalDeleted} rows of {id} are gone: {failure.Reason}");
    }

    private static IEnumerable<(string Table, long Deleted, long Updated)> Lines(DeletionModel model, string schema) =>
        model.Deleted.Keys.Union(model.Updated.Keys).Select(t => (t.Display(schema), model.Deleted.GetValueOrDefault(t), model.Updated.GetValueOrDefault(t))).Order();

    private static void Succeeded(RevisionOutcome outcome) => Assert.True(
        outcome.Succeeded,
        string.Join('\n', outcome.Results.Where(r => r.Failure is not null).Select(r => $"{r.Step.Table} {r.Step.Description}: {r.Failure!.Message}").Concat(outcome.Plan.Problems.Select(p => $"{p.Table}: {p.Reason}"))));
}
