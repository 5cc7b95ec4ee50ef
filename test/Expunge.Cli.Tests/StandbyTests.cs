using Expunge.Embedded;
using Expunge.Testing;
using Xunit;

namespace Expunge.Cli.Tests;

public sealed class StandbyTests
{
    [Fact]
    public async Task A_standby_can_be_looked_at_and_what_would_change_it_is_refused()
    {
        await using var server = await EmbeddedPostgres.StartAsync(new EmbeddedPostgresOptions { Settings = new Dictionary<string, string>(StringComparer.Ordinal) { ["wal_level"] = "replica" } });
        await TestServer.ExecuteAsync(server.ConnectionString, "CREATE TABLE users (id integer PRIMARY KEY); CREATE TABLE posts (user_id integer NOT NULL REFERENCES users); INSERT INTO users VALUES (1);");
        Assert.Equal(0, (await ExpungeProcess.RunAsync(server.ConnectionString, "upgrade", "--yes", "--root", "users")).ExitCode);
        // No primary to follow: it stays in recovery with what it has.
        await File.WriteAllTextAsync(Path.Combine(server.DataDirectory, "standby.signal"), "", TestContext.Current.CancellationToken);
        await server.RestartAsync(immediate: false);

        var verified = await ExpungeProcess.RunAsync(server.ConnectionString, "verify", "--root", "users");
        Assert.True(verified.ExitCode == 0, verified.ToString());

        foreach (var command in (string[][])[["upgrade"], ["downgrade"], ["delete", "1"]])
        {
            var refused = await ExpungeProcess.RunAsync(server.ConnectionString, [.. command, "--yes", .. command[0] == "downgrade" ? Array.Empty<string>() : ["--root", "users"]]);
            Assert.True(refused.ExitCode == 2, refused.ToString());
            Assert.Contains("is a standby: it is read-only", refused.Error, StringComparison.Ordinal);
            Assert.Contains("Connect to the primary. Nothing was changed.  [EXP1004]", refused.Error, StringComparison.Ordinal);
        }
    }
}
