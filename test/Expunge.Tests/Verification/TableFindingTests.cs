using Expunge.Verification;
using Xunit;

namespace Expunge.Tests.Verification;

public sealed class TableFindingTests
{
    [Fact]
    public async Task A_published_table_of_a_soft_reference_needs_a_replica_identity()
    {
        await using var database = await VerifyDatabase.CreateAsync(
            """
            CREATE TABLE users (id int PRIMARY KEY);
            CREATE TABLE events (user_id int);
            CREATE INDEX ON events (user_id);
            INSERT INTO users VALUES (7);
            INSERT INTO events VALUES (7);
            CREATE PUBLICATION everything FOR TABLE events;
            """);
        var policy = VerifyDatabase.Policy("soft_references:\n  events.user_id: delete\n");
        await Assert.ThrowsAsync<ExpungeException>(() => database.DeleteAsync(policy, "7"));
        var finding = Assert.Single((await database.ReadAsync(policy)).Findings);
        Assert.Equal((FindingCodes.NoReplicaIdentity, "events"), (finding.Code, finding.Object));

        await database.ExecuteAsync(finding.Repair.Split("or  ")[1]);
        Assert.Empty((await database.ReadAsync(policy)).Findings);
        await database.DeleteAsync(policy, "7");
    }
}
