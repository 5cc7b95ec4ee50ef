using Expunge.Verification;
using Xunit;

namespace Expunge.Tests.Verification;

public sealed class SuppressorFindingTests
{
    [Theory]
    [InlineData("events")]
    [InlineData("events_1")]
    [InlineData("events_1_1")]
    public async Task A_trigger_of_a_partitioned_table_is_dropped_where_it_was_made(string table)
    {
        await using var database = await VerifyDatabase.CreateAsync(
            $"""
            CREATE TABLE users (id int PRIMARY KEY);
            CREATE TABLE events (id int, user_id int NOT NULL REFERENCES users ON DELETE CASCADE) PARTITION BY LIST (id);
            CREATE TABLE events_1 PARTITION OF events FOR VALUES IN (1, 2) PARTITION BY LIST (id);
            CREATE TABLE events_1_1 PARTITION OF events_1 FOR VALUES IN (1);
            CREATE TABLE events_1_2 PARTITION OF events_1 FOR VALUES IN (2);
            CREATE INDEX ON events (user_id);
            CREATE FUNCTION keep() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
            CREATE TRIGGER "keep them" BEFORE DELETE ON {table} FOR EACH ROW EXECUTE FUNCTION keep();
            """);
        var finding = await database.SingleAsync(FindingCodes.Suppressor);
        Assert.Contains("trigger keep them", finding.Message, StringComparison.Ordinal);

        await database.ExecuteAsync(finding.Repair.Split("to be rid of it:  ")[1]);
        Assert.Empty((await database.ReadAsync()).Findings);
    }

    [Fact]
    public async Task A_trigger_of_a_partition_whose_own_foreign_key_it_is_about_is_dropped_where_it_was_made()
    {
        await using var database = await VerifyDatabase.CreateAsync(
            """
            CREATE TABLE users (id int PRIMARY KEY);
            CREATE TABLE events (id int, user_id int NOT NULL) PARTITION BY LIST (id);
            CREATE TABLE events_1 PARTITION OF events FOR VALUES IN (1);
            ALTER TABLE events_1 ADD FOREIGN KEY (user_id) REFERENCES users ON DELETE CASCADE;
            CREATE INDEX ON events (user_id);
            CREATE FUNCTION keep() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
            CREATE TRIGGER keep BEFORE DELETE ON events FOR EACH ROW EXECUTE FUNCTION keep();
            """);
        await database.ExecuteAsync((await database.SingleAsync(FindingCodes.Suppressor)).Repair.Split("to be rid of it:  ")[1]);
        Assert.DoesNotContain(FindingCodes.Suppressor, await database.CodesAsync());
    }
}
