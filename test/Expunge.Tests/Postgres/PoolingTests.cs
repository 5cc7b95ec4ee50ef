using Expunge.Postgres;
using Expunge.Testing;
using Expunge.Tests.Revisions;
using Npgsql;
using Xunit;

namespace Expunge.Tests.Postgres;

public sealed class PoolingTests
{
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Only_a_pool_uses_a_connection_again(bool pooling)
    {
        await using var database = await PoolAsync(pooling);

        Assert.Equal(pooling, await BackendAsync(database) == await BackendAsync(database));
    }

    [Fact]
    public async Task A_restart_between_two_calls_is_not_noticed()
    {
        await using var database = await PoolAsync();
        await using (var first = await database.OpenAsync())
        await using (var second = await database.OpenAsync())
        {
            Assert.NotEqual(first.ProcessID, second.ProcessID);
        }

        await TestServer.ExecuteAsync((await TestServer.Server).ConnectionString, $"SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = '{database.Settings.Database}'");

        Assert.True(await BackendAsync(database) > 0);
        await using var one = await database.OpenAsync();
        await using var other = await database.OpenAsync();
        Assert.Equal(1, await one.ScalarAsync<int>("SELECT 1", CancellationToken.None));
        Assert.Equal(1, await other.ScalarAsync<int>("SELECT 1", CancellationToken.None));
    }

    [Fact]
    public async Task Session_settings_do_not_reach_the_next_user_of_the_connection()
    {
        const string all = "SELECT string_agg(name || '=' || setting, E'\\n' ORDER BY name) FROM pg_settings";
        await using var database = await PoolAsync();
        var (backend, before) = (await BackendAsync(database), await ScalarAsync<string>(database, all));

        await using (var maintenance = await database.OpenMaintenanceAsync(CancellationToken.None))
        {
            Assert.NotEqual(before, await maintenance.ScalarAsync<string>(all, CancellationToken.None));
        }

        Assert.Equal(before, await ScalarAsync<string>(database, all));
        Assert.Equal(backend, await BackendAsync(database));
    }

    [Fact]
    public async Task A_run_that_has_ended_leaves_no_lock_with_the_pool()
    {
        await using var blog = await Blog.CreateAsync();
        await using var database = new Database(new NpgsqlConnectionStringBuilder(blog.ConnectionString), pooling: true);

        Assert.True((await Expunge.Revisions.Upgrade.ApplyAsync(database, Blog.Policy, new())).Succeeded);

        Assert.Equal(0, await blog.ScalarAsync<long>("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"));
        Assert.Equal(1, await blog.ScalarAsync<long>("SELECT least(count(*), 1) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"));
    }

    [Theory]
    [InlineData("", 20)]
    [InlineData("Minimum Pool Size=30", 30)]
    [InlineData("MaxPoolSize=3", 3)]
    public async Task The_pool_is_small_unless_the_settings_say_otherwise(string settings, int size)
    {
        await using var database = new Database(new NpgsqlConnectionStringBuilder($"Host=nowhere;{settings}"), pooling: true);

        Assert.Equal(size, database.Settings.MaxPoolSize);
    }

    [Fact]
    public async Task Who_waits_in_vain_for_a_connection_is_told_how_many_there_are()
    {
        await using var database = new Database(new NpgsqlConnectionStringBuilder(await TestServer.EmptyAsync()) { MaxPoolSize = 1, Timeout = 1 }, pooling: true);
        await using var only = await database.OpenAsync();

        var e = await Assert.ThrowsAsync<ExpungeException>(() => database.OpenAsync());

        Assert.Equal(ErrorCodes.CannotConnect, e.Code);
        Assert.StartsWith("All 1 connections to ", e.Message, StringComparison.Ordinal);
    }

    private static async Task<Database> PoolAsync(bool pooling = true) => new(new NpgsqlConnectionStringBuilder(await TestServer.EmptyAsync()), pooling);

    private static Task<int> BackendAsync(Database database) => ScalarAsync<int>(database, "SELECT pg_backend_pid()");

    private static async Task<T> ScalarAsync<T>(Database database, string sql)
    {
        await using var connection = await database.OpenAsync();
        return await connection.ScalarAsync<T>(sql, CancellationToken.None);
    }
}
