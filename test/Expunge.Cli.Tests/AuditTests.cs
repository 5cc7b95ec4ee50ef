using Expunge.Postgres;
using Expunge.Testing;
using Xunit;

namespace Expunge.Cli.Tests;

public sealed class AuditTests
{
    [Fact]
    public async Task Once_a_server_was_set_up_what_the_command_line_does_is_in_the_audit_too()
    {
        var database = await DocsDatabase.CreateAsync(upgraded: true);
        using var policy = new PolicyFileOnDisk();
        await RunAsync(0, null, "delete", "7", "--yes");
        await using var connection = await TestServer.OpenAsync(database);
        Assert.Null(await connection.ScalarAsync<string?>("SELECT to_regclass('expunge.audit')::text", TestContext.Current.CancellationToken));

        await RunAsync(0, "a long enough password", "admin", "create", "root", "--super");
        await RunAsync(0, null, "mark", "8", "9", "--yes");
        await RunAsync(0, null, "unmark", "9", "--yes");
        await RunAsync(1, null, "delete", "8", "999999", "--yes");
        await TestServer.ExecuteAsync(database, "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'no'; END $$; CREATE TRIGGER refuse BEFORE DELETE ON users FOR EACH ROW EXECUTE FUNCTION refuse()");
        await RunAsync(1, null, "delete", "9", "--yes");
        await RunAsync(0, null, "deletions", "cancel", "3");

        var entries = await connection.ListAsync("SELECT concat_ws('|', actor, action, object, count, address, outcome) FROM expunge.audit ORDER BY id", r => r.GetString(0), TestContext.Current.CancellationToken);
        Assert.Equal(
        [
            "role postgres|account created|account 1|127.0.0.1|done",
            "role postgres|marked for deletion|public.users|2|127.0.0.1|done",
            "role postgres|unmarked|public.users|1|127.0.0.1|done",
            "role postgres|deletion requested|deletion 2|2|127.0.0.1|done",
            "role postgres|deletion ended|deletion 2|1|127.0.0.1|completed",
            "role postgres|deletion requested|deletion 3|1|127.0.0.1|done",
            "role postgres|deletion ended|deletion 3|0|127.0.0.1|failed",
            "role postgres|deletion cancelled|deletion 3|127.0.0.1|done",
            "role postgres|deletion ended|deletion 3|0|127.0.0.1|cancelled",
        ], entries);
        await RunAsync(0, null, "audit", "verify");

        async Task RunAsync(int exitCode, string? stdin, params string[] args)
        {
            var result = await ExpungeProcess.RunAsync([.. args, "--database", database, .. args[0] is "admin" or "audit" ? (string[])[] : ["--config", policy.Path]], stdin: stdin);
            Assert.True(result.ExitCode == exitCode, $"{string.Join(' ', args)}\n{result}");
        }
    }
}
