using Expunge.Deletion;
using Expunge.Server.Dashboard;
using Xunit;

namespace Expunge.Server.Tests.Dashboard;

public sealed class DeletionRateTests
{
    private static readonly DateTimeOffset Start = new(2026, 1, 1, 12, 0, 0, TimeSpan.Zero);

    [Fact]
    public void It_is_told_from_the_last_half_minute_and_with_it_the_end()
    {
        var rate = DeletionRate.Unknown.With(Job(users: 0, rows: 0), Start).With(Job(users: 10, rows: 1000), Start.AddSeconds(20)).With(Job(users: 50, rows: 1400), Start.AddSeconds(40));

        Assert.Equal((2.0, 20.0, TimeSpan.FromSeconds(25)), (rate.Users, rate.Rows, rate.Left(50)));
    }

    [Fact]
    public void While_one_user_with_very_many_rows_is_deleted_there_are_rows_a_second_and_no_end()
    {
        var rate = DeletionRate.Unknown.With(Job(users: 0, rows: 0), Start).With(Job(users: 0, rows: 5000), Start.AddSeconds(10));

        Assert.Equal((500.0, null), (rate.Rows, rate.Left(1)));
    }

    [Fact]
    public void After_a_pause_it_is_measured_anew()
    {
        var rate = DeletionRate.Unknown.With(Job(users: 0, rows: 0), Start).With(Job(users: 5, rows: 5), Start.AddSeconds(1)).With(Job(5, 5, DeletionState.Paused), Start.AddSeconds(2)).With(Job(users: 5, rows: 5), Start.AddSeconds(3));

        Assert.Equal((null, null), (rate.Users, rate.Left(95)));
    }

    private static DeletionJob Job(long users, long rows, DeletionState state = DeletionState.Running) =>
        new(1, "public.users", state, null, "root", Start, Start, null, new SubjectCounts(100 - users, users, 0, 0, 0, 0), []) { TotalDeleted = rows };
}
