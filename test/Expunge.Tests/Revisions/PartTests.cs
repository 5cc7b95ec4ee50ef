using System.Collections.Concurrent;
using Expunge.Postgres;
using Expunge.Revisions;
using Expunge.Testing;
using Xunit;

namespace Expunge.Tests.Revisions;

/// <summary>An upgrade in parts, and what it says while it works.</summary>
public sealed class PartTests
{
    [Fact]
    public async Task Validation_can_be_left_for_later_and_the_later_run_finishes_the_revision()
    {
        await using var database = await Blog.CreateAsync();
        var before = await database.CatalogTextAsync();

        var swapped = await ApplyAsync(database, new() { Part = UpgradePart.WithoutValidation });
        var between = await database.CatalogTextAsync();
        var validated = await ApplyAsync(database, new() { Part = UpgradePart.ValidationOnly });

        Assert.Equal(RevisionState.Incomplete, swapped.State);
        Assert.Equal(3, swapped.Plan.LeftOut.Length);
        Assert.Contains("ON DELETE CASCADE NOT VALID", between, StringComparison.Ordinal);
        Assert.All(validated.Results, r => Assert.IsType<ValidateStep>(r.Step));
        Assert.Equal(RevisionState.Applied, validated.State);
        Assert.True((await database.VerifyAsync(Blog.Policy)).Ok);
        await database.DowngradeAsync();
        await database.CatalogIsAsync(before);
    }

    [Fact]
    public async Task One_table_can_be_fixed_alone_and_the_rest_later_in_the_same_revision()
    {
        await using var database = await Blog.CreateAsync();
        var before = await database.CatalogTextAsync();

        var first = await ApplyAsync(database, new() { Only = [QualifiedName.Parse("likes")] });
        var verified = await database.VerifyAsync(Blog.Policy);
        var rest = await ApplyAsync(database, new());

        Assert.All(first.Results, r => Assert.Equal("likes", r.Step.Table.Name.Name));
        Assert.Equal(RevisionState.Incomplete, first.State);
        Assert.Equal(["likes"], verified.Lines.Where(l => l.Ok).Select(l => l.Table));
        Assert.Equal(RevisionState.Applied, rest.State);
        Assert.DoesNotContain(rest.Results, r => r.Step.Table.Name.Name == "likes");
        Assert.Single(await Journal.RevisionsAsync(database.Database));
        await database.DowngradeAsync();
        await database.CatalogIsAsync(before);
    }

    [Fact]
    public async Task Each_step_tells_when_it_begins_and_ends()
    {
        await using var database = await Blog.CreateAsync();
        var told = new ConcurrentQueue<StepProgress>();

        var outcome = await ApplyAsync(database, new() { Progress = new Told(told.Enqueue) });

        foreach (var result in outcome.Results)
        {
            Assert.Equal([StepStage.Started, StepStage.Done], told.Where(p => ReferenceEquals(p.Step, result.Step) && p.Stage != StepStage.Building).Select(p => p.Stage));
        }
    }

    [Fact]
    public async Task A_step_that_waits_tells_for_whom_and_goes_on_when_the_lock_is_free()
    {
        await using var database = await Blog.CreateAsync("CREATE INDEX ON posts (user_id); CREATE INDEX ON comments (post_id); CREATE INDEX ON likes (user_id);");
        await using var reader = await TestServer.OpenAsync(database.ConnectionString);
        await using var reading = await reader.BeginTransactionAsync();
        await reader.ExecuteAsync("SELECT count(*) FROM likes", TestContext.Current.CancellationToken);
        var waits = new ConcurrentQueue<StepProgress>();

        var outcome = await ApplyAsync(database, new()
        {
            Progress = new Told(p =>
            {
                if (p.Stage != StepStage.Waiting) return;
                waits.Enqueue(p);
                if (waits.Count == 2) reading.Rollback();
            }),
        });

        Assert.Equal(RevisionState.Applied, outcome.State);
        Assert.All(waits, w => Assert.Contains($"pid {reader.ProcessID}", w.Detail, StringComparison.Ordinal));
        Assert.All(waits, w => Assert.Equal("likes", w.Step.Table.Name.Name));
        Assert.DoesNotContain("SELECT", string.Concat(waits.Select(w => w.Detail)), StringComparison.Ordinal);
    }

    private static Task<RevisionOutcome> ApplyAsync(TestDatabase database, UpgradeOptions options) => Upgrade.ApplyAsync(database.Database, Blog.Policy, options);

    private sealed class Told(Action<StepProgress> tell) : IProgress<StepProgress>
    {
        public void Report(StepProgress value) => tell(value);
    }
}
