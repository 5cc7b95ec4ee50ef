using Npgsql;
using Xunit;

namespace ZivoHealth.Tests;

public sealed class SampleDataTests(CurrentDeployment current, LegacyDeployment legacy) : IClassFixture<CurrentDeployment>, IClassFixture<LegacyDeployment>
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Every_table_has_rows(bool old)
    {
        DeploymentFixture deployment = old ? legacy : current;
        Assert.Equal(0, await deployment.CountAsync("SELECT count(*) FROM users WHERE id > 12344"));
        foreach (var table in await deployment.NamesAsync("SELECT relname::text FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p')"))
            Assert.True(await deployment.CountAsync($"SELECT count(*) FROM {table}") > 0, table);
    }

    [Fact]
    public async Task The_same_seed_gives_the_same_rows()
    {
        const string Fingerprint = "SELECT sum(hashtext(m::text)::bigint) FROM chat_messages m";
        await using var connection = await Server.CreateDatabaseAsync();
        await Deployment.CreateAsync(connection, ct: Ct);
        Assert.Equal(current.Rows, await SampleData.FillAsync(connection, users: 50, ct: Ct));
        await using var command = new NpgsqlCommand(Fingerprint, connection);
        Assert.Equal(await current.CountAsync(Fingerprint), Convert.ToInt64(await command.ExecuteScalarAsync(Ct)));
        await Server.DropDatabaseAsync(connection);
    }

    [Fact]
    public async Task A_thousand_users_have_a_quarter_of_a_million_rows_a_tenth_of_them_the_whales()
    {
        await using var connection = await Server.CreateDatabaseAsync();
        await Deployment.CreateAsync(connection, ct: Ct);
        Assert.InRange(await SampleData.FillAsync(connection, ct: Ct), 200_000, 300_000);

        await using var command = new NpgsqlCommand("SELECT 100.0 * count(*) FILTER (WHERE user_id = $1) / count(*) FROM vitals_raw_data", connection);
        command.Parameters.Add(new() { Value = SampleData.Whale });
        Assert.InRange(Convert.ToDouble(await command.ExecuteScalarAsync(Ct)), 8, 13);
        await Server.DropDatabaseAsync(connection);
    }

    [Fact]
    public async Task What_is_created_next_gets_ids_that_are_free()
    {
        await using var transaction = await current.Connection.BeginTransactionAsync(Ct);
        await current.ExecuteAsync("INSERT INTO reminders (user_id) VALUES (2); INSERT INTO chat_sessions (user_id) VALUES (2); INSERT INTO ai_insights (user_id) VALUES (2)");
    }

    [Theory]
    [InlineData(9)]
    [InlineData(12_001)]
    public async Task A_number_of_users_that_does_not_fit_is_refused(int users) =>
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(() => SampleData.FillAsync(current.Connection, users, ct: Ct));
}
