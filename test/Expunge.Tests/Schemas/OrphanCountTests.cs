using CsCheck;
using Expunge.Graph;
using Expunge.Policy;
using Expunge.Postgres;
using Expunge.Testing;
using Expunge.Verification;
using Xunit;

namespace Expunge.Tests.Schemas;

/// <summary>Orphans on schemas that nobody thought of, counted in two ways, deleted and set to NULL.</summary>
public sealed class OrphanCountTests(ITestOutputHelper output)
{
    [Fact]
    public async Task Of_any_schema_the_orphans_of_each_reference_are_those_that_a_left_join_finds_and_are_gone_when_they_are_set_to_null()
    {
        var version = await TestServer.MajorVersionAsync();
        await RandomSchema.Gen.HoldAsync(schema => RunAsync(schema, version), cases: 10, version, output);
    }

    private static async Task RunAsync(RandomSchema schema, int version)
    {
        await using var database = new TestDatabase(await TestServer.EmptyAsync());
        await database.ExecuteAsync(schema.Sql(version));
        // As a restore without triggers leaves them: no constraint says so.
        var deletes = schema.Tables.Select((t, i) => $"DELETE FROM {t.Name.Sql} WHERE id::text LIKE '%{(schema.Salt + i) % RandomSchema.Rows}';");
        await database.ExecuteAsync($"SET session_replication_role = replica; {string.Concat(deletes)}");
        var decisions = Decisions.Of(await database.CatalogAsync(), new PolicyFile { Root = schema.Tables[0].Name });

        var report = await Orphans.FindAsync(database.Database, decisions, new OrphanOptions { All = true });

        Assert.Equal(decisions.All.Length, report.Lines.Length);
        foreach (var (decision, line) in decisions.All.Zip(report.Lines)) Assert.Equal((line.Reference, await CountAsync(database, decision.Reference)), (line.Reference, line.Rows));

        // Where nothing else is in the way: the rows of a referenced table keep their keys, so each reference can be repaired by itself.
        foreach (var line in report.Lines.Where(l => l.Rows > 0 && !l.Target.NullableColumns.IsEmpty && !l.Target.NullableColumns.Intersect(schema.References.Select(r => r.Through?.Column)).Any()))
        {
            var plan = await OrphanFixPlanner.PlanAsync(database.Database, decisions, report with { Lines = [line] }, OrphanFixAction.SetNull, TimeSpan.FromSeconds(60));
            var result = Assert.Single(await OrphanFixer.RunAsync(database.Database, decisions, plan, TimeSpan.FromSeconds(60)));
            Assert.Equal($"{line.Reference}: {line.Rows} fixed, 0 left; ", $"{line.Reference}: {result.Fixed} fixed, {result.Left} left; {string.Join("; ", result.Refusals)}");
        }
    }

    private static Task<long> CountAsync(TestDatabase database, Reference reference)
    {
        var columns = string.Join(", ", reference.Columns.Select(c => $"c.{Identifier.Quote(c)}"));
        var on = string.Join(" AND ", reference.Columns.Zip(reference.ReferencedColumns, (c, p) => $"c.{Identifier.Quote(c)} = p.{Identifier.Quote(p)}"));
        return database.ScalarAsync<long>(
            $"SELECT count(*) FROM {reference.Table.Name.Sql} c LEFT JOIN {reference.ReferencedTable.Name.Sql} p ON {on} WHERE p.tableoid IS NULL AND {(reference.IsMatchFull ? $"num_nonnulls({columns}) > 0" : $"num_nulls({columns}) = 0")}");
    }
}
