using System.Net;
using System.Net.Sockets;
using Npgsql;

namespace Expunge.Embedded;

/// <summary>
/// A private PostgreSQL server on a free port of 127.0.0.1 with a random password, for a demo or a test. It and its data are gone when the object is disposed of
/// or this process ends in any way, SIGKILL included, unless <see cref="EmbeddedPostgresOptions.KeepRunning"/>. Nothing is flushed to disk: only the data of a
/// machine that crashes is at risk, and no such data is meant to last. On Windows untested, and there a killed process leaves its server to the next start.
/// </summary>
public sealed class EmbeddedPostgres : IAsyncDisposable
{
    private const int PortAttempts = 5;
    private readonly ServerHost _host;
    private readonly string _password;
    private int _disposed;

    private EmbeddedPostgres(ServerHost host, PostgresBinaries binaries, int port, string password)
    {
        _host = host;
        _password = password;
        Binaries = binaries;
        Port = port;
    }

    /// <summary>The binaries that the server runs.</summary>
    public PostgresBinaries Binaries { get; }

    /// <summary>The TCP port on 127.0.0.1.</summary>
    public int Port { get; }

    /// <summary>The server's data directory.</summary>
    public string DataDirectory => _host.Data;

    /// <summary>The server's log. It is removed with the data.</summary>
    public string LogFile => _host.Log;

    /// <summary>What stops the server and removes its data, to be pasted into a shell by whoever was told that it keeps running.</summary>
    public string StopCommand => _host.StopCommand;

    /// <summary>An Npgsql connection string: superuser <c>postgres</c>, database <c>postgres</c>. Holds the password.</summary>
    public string ConnectionString => ConnectionStringTo("postgres");

    /// <summary>The same for another database of this server, which need not exist yet.</summary>
    /// <param name="database">The database's name, as the catalog holds it.</param>
    public string ConnectionStringTo(string database) => Connection(Port, _password, database).ConnectionString;

    /// <summary>Starts a server; under a second, except on the first run, which initialises a data directory and may fetch PostgreSQL.</summary>
    /// <param name="options">How; null means the defaults.</param>
    /// <param name="ct">Cancels; what was started is stopped and removed.</param>
    /// <exception cref="EmbeddedPostgresException">There is no PostgreSQL, or it does not start: the message has the last lines of its log.</exception>
    /// <exception cref="ArgumentException">A setting's value holds a line break, or its name is none.</exception>
    public static Task<EmbeddedPostgres> StartAsync(EmbeddedPostgresOptions? options = null, CancellationToken ct = default) =>
        StartAsync(options ?? new EmbeddedPostgresOptions(), FreePort, ct);

    internal static async Task<EmbeddedPostgres> StartAsync(EmbeddedPostgresOptions options, Func<int> choosePort, CancellationToken ct)
    {
        var settings = ServerSettings.Lines(options.Settings);
        var binaries = options.Binaries ?? await PostgresBinaries.FindAsync(options.Progress, ct);
        var cache = CacheDirectory.FromEnvironment();
        cache.Create();
        var runAs = await RunAs.FindAsync(ct);
        var script = cache.WriteScript();
        var template = await Template.GetAsync(binaries, cache, runAs, script, options.Progress, ct);
        await runAs.CreateDirectoryAsync(cache.Servers, ct);
        await ServerPlace.SweepAsync(binaries, cache, runAs, script, ct);

        var place = ServerPlace.Claim(cache);
        ServerHost host = OperatingSystem.IsWindows()
            ? new WindowsServer(binaries, template, place.Home, place.Held)
            : Supervisor.Launch(binaries, template, runAs, script, place.Home, place.Held);
        try
        {
            if (!await host.CreateAsync(ct)) throw Failed("copy its data directory", host, binaries);
            foreach (var line in settings) await host.SetAsync(line, ct);
            var port = await StartOnFreePortAsync(host, binaries, choosePort, ct);
            var password = await ChangePasswordAsync(port, template.Password, ct);
            if (options.KeepRunning && !await host.KeepAsync(ct)) throw Failed("be kept running", host, binaries);
            return new EmbeddedPostgres(host, binaries, port, password);
        }
        catch
        {
            await host.DisposeAsync();
            throw;
        }
    }

    /// <summary>Stops and starts the server on the same port. Its connections break.</summary>
    /// <param name="immediate">True: as after a crash, with recovery from the write-ahead log. False: a clean (fast) shutdown.</param>
    /// <exception cref="EmbeddedPostgresException">It did not come back: the message has the last lines of its log.</exception>
    public async Task RestartAsync(bool immediate)
    {
        if (!await _host.RestartAsync(immediate, CancellationToken.None)) throw Failed("restart", _host, Binaries);
    }

    /// <summary>Stops the server and removes its data, unless it was started to keep running. Safe to call twice.</summary>
    public ValueTask DisposeAsync() => Interlocked.Exchange(ref _disposed, 1) == 0 ? _host.DisposeAsync() : ValueTask.CompletedTask;

    private static async Task<int> StartOnFreePortAsync(ServerHost host, PostgresBinaries binaries, Func<int> choosePort, CancellationToken ct)
    {
        for (var attempt = 1; ; attempt++)
        {
            var port = choosePort();
            await host.SetAsync($"port = {port}", ct);
            if (await host.StartAsync(ct)) return port;
            if (attempt == PortAttempts || !host.PortWasTaken()) throw Failed("start", host, binaries);
        }
    }

    /// <summary>Free at this moment; another process may take it before the server does, hence the attempts.</summary>
    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    private static async Task<string> ChangePasswordAsync(int port, string templatePassword, CancellationToken ct)
    {
        var password = ScramVerifier.NewPassword();
        var once = Connection(port, templatePassword, "postgres");
        once.Pooling = false;
        await using var connection = new NpgsqlConnection(once.ConnectionString);
        await connection.OpenAsync(ct);
        await using var command = new NpgsqlCommand($"ALTER ROLE postgres PASSWORD '{ScramVerifier.Create(password)}'", connection);
        await command.ExecuteNonQueryAsync(ct);
        return password;
    }

    private static NpgsqlConnectionStringBuilder Connection(int port, string password, string database) =>
        new() { Host = "127.0.0.1", Port = port, Username = "postgres", Password = password, Database = database, SslMode = SslMode.Disable };

    private static EmbeddedPostgresException Failed(string what, ServerHost host, PostgresBinaries binaries) => new(
        $"PostgreSQL {binaries.Version} in {binaries.Directory} could not {what}. Its log ends with:\n{host.LogTail()}",
        "Check memory and disk space and the settings given, or set EXPUNGE_PG_BIN to the bin directory of another PostgreSQL.");
}
