using System.Data;
using System.Net.Sockets;
using Expunge.Catalog;
using Npgsql;

namespace Expunge.Postgres;

/// <summary>A PostgreSQL database that Expunge works on: opens connections with the session settings that each kind of work needs.</summary>
public sealed class Database : IAsyncDisposable
{
    /// <summary>The oldest server that is supported.</summary>
    public const int OldestMajor = 14;

    private readonly NpgsqlDataSource _source;

    /// <summary>Connects lazily: nothing is sent before the first call.</summary>
    /// <param name="settings">Where and as whom; its application name is shown in <c>pg_stat_activity</c>.</param>
    /// <param name="pooling">
    /// Whether connections are kept and used again: for a server with many short requests. At most 20 are open at once, unless the settings name a Maximum Pool Size; who needs one
    /// more waits for the settings' Timeout. Each is asked for a sign of life before it is handed out, so a restart of PostgreSQL is not noticed. Left out or false, for a command that
    /// works on a few long-lived sessions, each call has a session of its own, which ends with it. Pooled sessions have a statement_timeout of 10 s and a lock_timeout of 3 s.
    /// </param>
    public Database(NpgsqlConnectionStringBuilder settings, bool pooling = false)
    {
        // NoResetOnClose would hand the settings of one session to the next user of it.
        Settings = new NpgsqlConnectionStringBuilder(settings.ConnectionString) { Pooling = pooling, NoResetOnClose = false, IncludeErrorDetail = false, IncludeFailedBatchedCommand = true, CommandTimeout = 0 };
        if (pooling)
        {
            if (!settings.ShouldSerialize("Maximum Pool Size")) Settings.MaxPoolSize = Math.Max(20, Settings.MinPoolSize);
            // What needs longer sets it for itself. A request that hangs would keep its connection from the others.
            Settings.Options = $"-c statement_timeout=10s -c lock_timeout=3s {Settings.Options}".Trim();
        }

        // While an index is built or rows are validated nothing is sent, for hours; firewalls forget such a connection, and its end would never be noticed.
        (Settings.TcpKeepAlive, Settings.TcpKeepAliveTime) = (true, 30);
        // Its name is a label of Npgsql's metrics; without one that is the connection string.
        _source = new NpgsqlDataSourceBuilder(Settings.ConnectionString) { Name = "expunge" }.Build();
    }

    /// <summary>Where and as whom. Holds the password: never print it.</summary>
    public NpgsqlConnectionStringBuilder Settings { get; }

    /// <summary>Reads the catalog and refuses a server that Expunge can't work on.</summary>
    /// <param name="cancellation">Cancels it.</param>
    /// <exception cref="ExpungeException">The server can't be reached, refuses the login, is older than <see cref="OldestMajor"/>, or has Citus.</exception>
    public async Task<CatalogSnapshot> ReadCatalogAsync(CancellationToken cancellation = default)
    {
        await using var connection = await OpenAsync(cancellation);
        return await ReadCatalogAsync(connection, cancellation);
    }

    internal async Task<CatalogSnapshot> ReadCatalogAsync(NpgsqlConnection connection, CancellationToken cancellation)
    {
        // Before the catalog is read: its queries use what older servers lack.
        if (connection.PostgreSqlVersion.Major < OldestMajor)
        {
            throw new ExpungeException(
                ErrorCodes.ServerTooOld, $"The server at {ConnectionSettings.Describe(Settings)} is PostgreSQL {connection.PostgreSqlVersion}.",
                $"Expunge needs PostgreSQL {OldestMajor} or later; upgrade the server first.");
        }

        var catalog = await CatalogReader.ReadAsync(connection, cancellation);
        if (catalog.Server.HasCitus)
        {
            throw new ExpungeException(
                ErrorCodes.CitusDetected, $"Database {catalog.Server.Database} uses Citus, which Expunge does not support yet: its distributed tables take other steps.",
                "Nothing was changed. Use Expunge on a database without Citus.");
        }

        return catalog;
    }

    /// <summary>Opens a connection for reading. Statements are not limited in time, except on a pooled connection: the caller's cancellation ends them.</summary>
    /// <param name="cancellation">Cancels it.</param>
    /// <exception cref="ExpungeException">The server can't be reached or refuses the login.</exception>
    public async Task<NpgsqlConnection> OpenAsync(CancellationToken cancellation = default)
    {
        try
        {
            var connection = await _source.OpenConnectionAsync(cancellation);
            if (!Settings.Pooling || await IsAliveAsync(connection, cancellation)) return connection;

            // Whatever ended this one (a restart, a failover) has ended the others of the pool, too.
            _source.Clear();
            return await _source.OpenConnectionAsync(cancellation);
        }
        catch (NpgsqlException e)
        {
            throw CannotConnect(e);
        }
        catch (Exception e) when (e is SocketException or TimeoutException or IOException)
        {
            throw CannotConnect(e);
        }
    }

    /// <summary>
    /// Opens a connection for work that changes the database: no time limits of the role or the database apply (each step sets its own), a commit is durable, names are resolved in
    /// <c>pg_catalog</c> only, and the server notices within a second when this process is gone.
    /// </summary>
    internal async Task<NpgsqlConnection> OpenMaintenanceAsync(CancellationToken cancellation)
    {
        var connection = await OpenAsync(cancellation);
        try
        {
            await connection.ExecuteAsync(
                """
                SET statement_timeout = 0; SET idle_session_timeout = 0; SET idle_in_transaction_session_timeout = '5min'; SET lock_timeout = '3s';
                SET search_path = pg_catalog; SET default_transaction_isolation = 'read committed'; SET default_transaction_read_only = off; SET row_security = off; SET expunge.guard = 'off';
                -- What is reported as done must outlast a crash of the server, also where the application can do without. Local: for standbys it has never waited.
                SELECT set_config('synchronous_commit', 'local', false) WHERE current_setting('synchronous_commit') = 'off';
                """,
                cancellation);
            if (connection.PostgreSqlVersion.Major >= 17) await connection.ExecuteAsync("SET transaction_timeout = 0", cancellation);
            // Not every platform can watch the socket; there the server notices at the end of the statement.
            await connection.TryExecuteAsync("SET client_connection_check_interval = '1s'", cancellation);
            // A machine that lost its power sends no end; its session would keep its locks for two hours.
            await connection.TryExecuteAsync("SET tcp_keepalives_idle = 30; SET tcp_keepalives_interval = 10; SET tcp_keepalives_count = 3", cancellation);
            var backend = await connection.ScalarAsync<int>("SELECT pg_backend_pid()", cancellation);
            if (backend != connection.ProcessID)
            {
                throw new ExpungeException(
                    ErrorCodes.TransactionPooler, $"{ConnectionSettings.Describe(Settings)} is a connection pooler, not PostgreSQL itself: session settings and locks can get lost there.",
                    "Connect to PostgreSQL directly (its own host and port) for this command.");
            }

            if (await connection.ScalarAsync<bool>("SELECT pg_is_in_recovery()", cancellation))
            {
                throw new ExpungeException(
                    ErrorCodes.ServerIsStandby, $"The server at {ConnectionSettings.Describe(Settings)} is a standby: it is read-only.",
                    "Connect to the primary. Nothing was changed.");
            }

            return connection;
        }
        catch (NpgsqlException e) when (connection.State != ConnectionState.Open)
        {
            await connection.DisposeAsync();
            throw CannotConnect(e);
        }
        catch
        {
            await connection.DisposeAsync();
            throw;
        }
    }

    /// <summary>Whether the server still answers on a connection of the pool; one that is not handed out is disposed of.</summary>
    private static async Task<bool> IsAliveAsync(NpgsqlConnection connection, CancellationToken cancellation)
    {
        var isAlive = false;
        try
        {
            // An address that is gone may never answer.
            await using var command = new NpgsqlCommand("SELECT 1", connection) { CommandTimeout = 5 };
            await command.ExecuteScalarAsync(cancellation);
            isAlive = true;
        }
        catch (Exception e) when (e is NpgsqlException or SocketException or IOException or TimeoutException)
        {
        }
        finally
        {
            if (!isAlive) await connection.DisposeAsync();
        }

        return isAlive;
    }

    private ExpungeException CannotConnect(Exception e)
    {
        var where = ConnectionSettings.Describe(Settings);
        var (what, next) = e switch
        {
            PostgresException { SqlState: SqlStates.InvalidPassword or SqlStates.InvalidAuthorization } p =>
                ($"The server refused the login to {where}: {p.MessageText}.", "Check the user and the password (PGPASSWORD, ~/.pgpass, or the URI)."),
            PostgresException { SqlState: SqlStates.DatabaseMissing } p =>
                ($"The server has no such database ({where}): {p.MessageText}.", "Check the database's name; `psql -l` lists them."),
            PostgresException p => ($"The server refused the connection to {where}: {p.MessageText} (SQLSTATE {p.SqlState}).", "Try again when the server accepts connections."),
            _ when e.Message.Contains("pool has been exhausted", StringComparison.Ordinal) =>
                ($"All {Settings.MaxPoolSize} connections to {where} are in use, and none came back within {Settings.Timeout} s.", "Try again; if it happens often, raise Maximum Pool Size in the connection string."),
            _ when e.Message.Contains("password", StringComparison.OrdinalIgnoreCase) =>
                ($"The server at {where} asks for a password and none was given.", "Set PGPASSWORD, use ~/.pgpass, or put it into the connection URI."),
            _ => ($"No answer from {where}: {(e.InnerException ?? e).Message}.", "Check host and port, that the server runs, and that it listens there."),
        };
        return new ExpungeException(ErrorCodes.CannotConnect, what, next, e);
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _source.DisposeAsync();
}
