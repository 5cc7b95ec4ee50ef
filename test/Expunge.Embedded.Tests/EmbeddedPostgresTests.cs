using System.Net;
using System.Net.Sockets;
using Npgsql;

namespace Expunge.Embedded.Tests;

public sealed class EmbeddedPostgresTests
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_server_answers_on_loopback_with_utf8_and_scram_and_leaves_nothing_behind()
    {
        var server = await EmbeddedPostgres.StartAsync(ct: Ct);
        await using (server)
        {
            Assert.Equal("1", await ScalarAsync(server.ConnectionString, "SELECT 1"));
            Assert.Equal("UTF8", await ScalarAsync(server.ConnectionString, "SHOW server_encoding"));
            Assert.Equal("127.0.0.1", await ScalarAsync(server.ConnectionString, "SHOW listen_addresses"));
            Assert.Equal("UTC", await ScalarAsync(server.ConnectionString, "SHOW TimeZone"));
            Assert.Equal("", await ScalarAsync(server.ConnectionString, "SHOW unix_socket_directories"));
            Assert.Equal("", await ScalarAsync(server.ConnectionString, "SELECT string_agg(DISTINCT auth_method, ',') FROM pg_hba_file_rules WHERE auth_method <> 'scram-sha-256'"));
            Assert.StartsWith(server.Binaries.Version, await ScalarAsync(server.ConnectionString, "SHOW server_version"), StringComparison.Ordinal);
            Assert.True(File.Exists(server.LogFile));
        }

        await server.DisposeAsync();
        Assert.False(Directory.Exists(Path.GetDirectoryName(server.DataDirectory)));
        Assert.False(Eventually.Listens(server.Port));
    }

    [Fact]
    public async Task A_wrong_password_is_refused_and_the_right_one_is_in_no_log()
    {
        await using var server = await EmbeddedPostgres.StartAsync(new EmbeddedPostgresOptions { Settings = new Dictionary<string, string> { ["log_statement"] = "all" } }, Ct);
        var wrong = new NpgsqlConnectionStringBuilder(server.ConnectionString);
        var password = wrong.Password!;
        wrong.Password = "postgres";
        var refused = await Assert.ThrowsAsync<PostgresException>(() => ScalarAsync(wrong.ConnectionString, "SELECT 1"));
        Assert.Equal(PostgresErrorCodes.InvalidPassword, refused.SqlState);

        await using var other = await EmbeddedPostgres.StartAsync(ct: Ct);
        Assert.NotEqual(password, new NpgsqlConnectionStringBuilder(other.ConnectionString).Password);
        var log = await File.ReadAllTextAsync(server.LogFile, Ct);
        Assert.Contains("ALTER ROLE", log, StringComparison.Ordinal);
        Assert.DoesNotContain(password, log, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_second_server_starts_from_the_first_ones_template()
    {
        await using (await EmbeddedPostgres.StartAsync(ct: Ct)) { }
        var before = Templates();
        await using (await EmbeddedPostgres.StartAsync(ct: Ct)) Assert.Equal(before, Templates());

        static IEnumerable<(string, DateTime)> Templates() =>
            Directory.EnumerateFiles(CacheDirectory.FromEnvironment().Templates, "PG_VERSION", SearchOption.AllDirectories).Order(StringComparer.Ordinal).Select(f => (f, File.GetCreationTimeUtc(f))).ToList();
    }

    [Fact]
    public async Task A_restart_keeps_port_password_and_committed_data()
    {
        await using var server = await EmbeddedPostgres.StartAsync(ct: Ct);
        await ScalarAsync(server.ConnectionString, "CREATE TABLE t AS SELECT 42 AS answer");
        await ScalarAsync(server.ConnectionString, "CHECKPOINT; INSERT INTO t VALUES (43)");
        await server.RestartAsync(immediate: false);
        Assert.Equal("85", await ScalarAsync(server.ConnectionString, "SELECT sum(answer) FROM t"));
        // synchronous_commit is off by default; a caller that crashes the server on purpose waits for the log.
        await ScalarAsync(server.ConnectionString, "SET synchronous_commit = on; INSERT INTO t VALUES (44)");
        await server.RestartAsync(immediate: true);
        Assert.Equal("129", await ScalarAsync(server.ConnectionString, "SELECT sum(answer) FROM t"));
        Assert.Contains("automatic recovery in progress", await File.ReadAllTextAsync(server.LogFile, Ct), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_server_that_does_not_start_says_why()
    {
        var options = new EmbeddedPostgresOptions { Settings = new Dictionary<string, string> { ["shared_preload_libraries"] = "no_such_'library" } };
        var failed = await Assert.ThrowsAsync<EmbeddedPostgresException>(() => EmbeddedPostgres.StartAsync(options, Ct));
        Assert.Contains("no_such_'library", failed.Message, StringComparison.Ordinal);
        Assert.Contains("EXPUNGE_PG_BIN", failed.NextStep, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("work_mem", "4MB\nfsync = on")]
    [InlineData("work_mem = 1 #", "x")]
    public async Task A_setting_that_would_smuggle_in_another_line_is_refused(string name, string value) =>
        await Assert.ThrowsAsync<ArgumentException>(() => EmbeddedPostgres.StartAsync(new EmbeddedPostgresOptions { Settings = new Dictionary<string, string> { [name] = value } }, Ct));

    [Fact]
    public async Task A_port_that_somebody_else_took_in_the_meantime_is_left_to_them()
    {
        using var squatter = new TcpListener(IPAddress.Loopback, 0);
        squatter.Start();
        var taken = ((IPEndPoint)squatter.LocalEndpoint).Port;
        using var spare = new TcpListener(IPAddress.Loopback, 0);
        spare.Start();
        var free = ((IPEndPoint)spare.LocalEndpoint).Port;
        spare.Stop();

        var ports = new Queue<int>([taken, free]);
        await using var server = await EmbeddedPostgres.StartAsync(new EmbeddedPostgresOptions(), ports.Dequeue, Ct);
        Assert.Equal(free, server.Port);
        Assert.Equal("1", await ScalarAsync(server.ConnectionString, "SELECT 1"));
    }

    [Fact]
    public async Task A_cancelled_start_leaves_nothing_behind()
    {
        using var soon = new CancellationTokenSource();
        var starting = EmbeddedPostgres.StartAsync(new EmbeddedPostgresOptions(), () => { soon.Cancel(); return 1; }, soon.Token);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => starting);
    }

    private static async Task<string> ScalarAsync(string connectionString, string sql)
    {
        await using var connection = new NpgsqlConnection(new NpgsqlConnectionStringBuilder(connectionString) { Pooling = false }.ConnectionString);
        await connection.OpenAsync(Ct);
        await using var command = new NpgsqlCommand(sql, connection);
        return Convert.ToString(await command.ExecuteScalarAsync(Ct), System.Globalization.CultureInfo.InvariantCulture) ?? "";
    }
}
