using Expunge.Deletion;
using Xunit;

namespace Expunge.Tests.Faults;

/// <summary>Something in the database keeps user 2 from being deleted: the recorded deletion says so, nothing of that user is gone that it does not name, and everybody else is deleted.</summary>
public sealed class SuppressedDeletionTests
{
    public static TheoryData<string, string, string, string> All => Suppressors.All;

    [Theory]
    [MemberData(nameof(All))]
    public async Task Who_is_kept_by(string what, string reason, string lost, string sql)
    {
        await using var database = await FaultDatabase.CreateAsync(sql);
        var (rows, before) = (await database.RowsOfAsync(2), await database.Test.CountAsync());
        await database.AskAsync(1, 2, 3, 4);

        var failed = await database.RunAsync();

        Assert.Equal((DeletionState.Failed, 3L, 1L), (failed.State, failed.Subjects.Deleted, failed.Subjects.Failed));
        var said = await database.OnlyFailureAsync();
        Assert.Contains(reason, said, StringComparison.Ordinal);
        Assert.DoesNotContain("Partially", said, StringComparison.Ordinal);
        Assert.Equal(rows, await database.RowsOfAsync(2));
        Assert.Equal([2, 5], await database.UsersAsync());
        await database.IsGoneAsync(1, 3, 4);
        FaultDatabase.HasCounted(before, await database.Test.CountAsync(), failed);
        _ = (what, lost);
    }

    [Theory]
    [MemberData(nameof(All))]
    public async Task The_whale_that_is_kept_by(string what, string reason, string lost, string sql)
    {
        await using var database = await FaultDatabase.CreateAsync(sql, whale: true);
        var rows = await database.RowsOfAsync(2);
        await database.AskAsync(1, 2, 3, 4);

        var failed = await database.RunAsync();

        Assert.Equal((DeletionState.Failed, 3L, 1L), (failed.State, failed.Subjects.Deleted, failed.Subjects.Failed));
        var said = await database.OnlyFailureAsync();
        Assert.Contains(reason, said, StringComparison.Ordinal);
        Assert.Equal([2, 5], await database.UsersAsync());
        await database.IsGoneAsync(1, 3, 4);
        if (lost.Length == 0)
        {
            Assert.DoesNotContain("Partially", said, StringComparison.Ordinal);
            Assert.Equal(rows, await database.RowsOfAsync(2));
        }
        else
        {
            Assert.StartsWith("Partially deleted: ", said, StringComparison.Ordinal);
            Assert.Contains($"Rows of {lost} are gone already.", said, StringComparison.Ordinal);
            Assert.DoesNotContain("Nothing was deleted", said, StringComparison.Ordinal);
        }

        _ = what;
    }
}
