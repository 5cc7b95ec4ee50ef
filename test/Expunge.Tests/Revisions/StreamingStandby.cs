using Expunge.Embedded;
using Expunge.Postgres;
using Expunge.Testing;
using Npgsql;
using Xunit;

namespace Expunge.Tests.Revisions;

/// <summary>A primary and a standby that follows it by streaming; one whose replay waits for its readers, however long they read.</summary>
public sealed class StreamingStandby : IAsyncLifetime
{
    public const string Name = "reporting";

    private int _databases;

    public EmbeddedPostgres Primary { get; private set; } = null!;

    // Both go with the primary's.
    private string Socket => Path.GetDirectoryName(Primary.DataDirectory)!;

    private string Home => Path.Combine(Socket, "standby");

    /// <summary>The same database on the standby.</summary>
    public string ConnectionStringOf(string primary) => new NpgsqlConnectionStringBuilder(primary) { Host = Socket }.ConnectionString;

    public async ValueTask InitializeAsync()
    {
        Primary = await EmbeddedPostgres.StartAsync(new EmbeddedPostgresOptions
        {
            Settings = new Dictionary<string, string>(StringComparer.Ordinal)
            {
                ["wal_level"] = "replica",
                ["max_wal_senders"] = "4",
                ["hot_standby"] = "on",
                ["max_standby_streaming_delay"] = "-1",
                ["synchronous_commit"] = "local",
                ["autovacuum"] = "off",
                ["max_connections"] = "20",
            },
        });
        await using var connection = await TestServer.OpenAsync(Primary.ConnectionString);
        await CopyAsync(connection);
        await ConfigureAsync();
        await RunAsync(connection, $"'{Primary.Binaries.Directory}/pg_ctl' start -w -D '{Home}' -l '{Home}.log' >/dev/null 2>&1 </dev/null || true");
        await Eventually.TrueAsync(
            () => connection.ScalarAsync<bool>("SELECT EXISTS (SELECT FROM pg_stat_replication WHERE state = 'streaming')", TestContext.Current.CancellationToken),
            $"the standby streams; see {Home}.log");
    }

    /// <summary>The blog on both, with its indexes: an upgrade begins with the swaps.</summary>
    internal async Task<TestDatabase> BlogAsync()
    {
        var name = $"blog_{++_databases}";
        await TestServer.ExecuteAsync(Primary.ConnectionString, $"CREATE DATABASE {name}");
        var database = new TestDatabase(Primary.ConnectionStringTo(name));
        await database.ExecuteAsync(Blog.Schema + "CREATE INDEX ON posts (user_id); CREATE INDEX ON comments (post_id); CREATE INDEX ON likes (user_id);");
        await SameAsync(database);
        return database;
    }

    /// <summary>Waits until the standby's catalog is what the primary's is.</summary>
    internal async Task SameAsync(TestDatabase database)
    {
        var expected = await database.CatalogTextAsync();
        await Eventually.TrueAsync(async () => await IsReadyAsync() && await CatalogText.ReadAsync(ConnectionStringOf(database.ConnectionString)) == expected, "the standby has the same constraints");

        async Task<bool> IsReadyAsync()
        {
            await using var connection = await TestServer.OpenAsync(ConnectionStringOf(Primary.ConnectionString));
            return await connection.ScalarAsync<bool>(
                "SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)", TestContext.Current.CancellationToken, new NpgsqlConnectionStringBuilder(database.ConnectionString).Database);
        }
    }

    /// <summary>A base backup by the functions that pg_basebackup stands on, which is not among the binaries.</summary>
    private async Task CopyAsync(NpgsqlConnection connection)
    {
        var (start, stop) = Primary.Binaries.MajorVersion >= 15 ? ("pg_backup_start('standby', true)", "pg_backup_stop(false)") : ("pg_start_backup('standby', true, false)", "pg_stop_backup(false, false)");
        var cancellation = TestContext.Current.CancellationToken;
        await connection.ExecuteAsync($"SELECT {start}", cancellation);
        await RunAsync(connection, $"cp -Rp '{Primary.DataDirectory}' '{Home}'; cd '{Home}' && rm postmaster.pid postmaster.opts && touch backup_label standby.signal");
        var label = await connection.ListAsync($"SELECT labelfile FROM {stop}", r => r.GetString(0), cancellation);
        await File.WriteAllTextAsync(Path.Combine(Home, "backup_label"), label[0], cancellation);
    }

    // On the primary's port, but by a socket file only: nobody else can have taken it.
    private Task ConfigureAsync()
    {
        var primary = new NpgsqlConnectionStringBuilder(Primary.ConnectionString);
        return File.AppendAllTextAsync(
            Path.Combine(Home, "postgresql.conf"),
            $"""
            listen_addresses = ''
            unix_socket_directories = '{Socket}'
            primary_conninfo = 'host=127.0.0.1 port={primary.Port} user={primary.Username} password={primary.Password} application_name={Name}'

            """,
            TestContext.Current.CancellationToken);
    }

    /// <summary>Runs a command as the account that owns the data: the primary does it.</summary>
    private static Task<int> RunAsync(NpgsqlConnection connection, string command) =>
        connection.ExecuteAsync($"COPY (SELECT) TO PROGRAM '{command.Replace("'", "''", StringComparison.Ordinal)}'", CancellationToken.None);

    // A server whose data is gone ends by itself, should this not be reached.
    public async ValueTask DisposeAsync()
    {
        if (Primary is null) return;
        await using (var connection = await TestServer.OpenAsync(Primary.ConnectionString)) await RunAsync(connection, $"'{Primary.Binaries.Directory}/pg_ctl' stop -m immediate -D '{Home}' >/dev/null 2>&1 || true");

        await Primary.DisposeAsync();
    }
}
