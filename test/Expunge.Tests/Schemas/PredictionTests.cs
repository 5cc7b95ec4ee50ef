using System.Collections.Concurrent;
using Expunge.Testing;
using Xunit;

namespace Expunge.Tests.Schemas;

/// <summary>The prediction, carried out on rows in memory, against PostgreSQL.</summary>
public sealed class PredictionTests(ITestOutputHelper output)
{
    [Fact]
    public async Task Every_subject_of_any_schema_is_deleted_or_refused_as_predicted_row_for_row()
    {
        var version = await TestServer.MajorVersionAsync();
        var idle = new ConcurrentBag<(PredictionDatabase Database, int Uses)>();
        await RandomSchema.Gen.HoldAsync(
            async schema =>
            {
                // One that a failure left as it was is not used again, nor one whose catalog has grown slow.
                var (database, uses) = idle.TryTake(out var used) ? used : (await PredictionDatabase.CreateAsync(), 0);
                await database.DeletionsAreAsPredictedAsync(schema.Sql(version), schema.Tables[0].Name);
                if (uses < 100) idle.Add((database, uses + 1));
                else await database.DisposeAsync();
            },
            cases: 200, version, output);
        foreach (var (database, _) in idle) await database.DisposeAsync();
    }
}
