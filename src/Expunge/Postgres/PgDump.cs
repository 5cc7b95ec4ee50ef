using System.Security.Cryptography;
using System.Text.RegularExpressions;
using Npgsql;

namespace Expunge.Postgres;

/// <summary>A pg_dump that is able to back up the server.</summary>
/// <param name="Path">The program's path.</param>
/// <param name="Version">Its version, such as <c>15.18</c>.</param>
public sealed partial record PgDump(string Path, string Version)
{
    private const int ErrorLines = 5;

    /// <summary>
    /// Finds a pg_dump: the one that <c>PG_DUMP</c> names, else, of those on the <c>PATH</c> and in /usr/lib/postgresql, the oldest that is not older than the
    /// server. pg_dump refuses a server newer than itself.
    /// </summary>
    /// <param name="serverMajor">The server's major version, such as 15.</param>
    /// <param name="environment">Gives the value of an environment variable, or null.</param>
    /// <param name="cancellationToken">Ends the search.</param>
    /// <exception cref="ExpungeException"><see cref="ErrorCodes.PgDumpUnusable"/>: there is none, or none new enough.</exception>
    public static Task<PgDump> FindAsync(int serverMajor, Func<string, string?> environment, CancellationToken cancellationToken) =>
        PgDumpSearch.FindAsync(serverMajor, environment, cancellationToken);

    /// <summary>
    /// Writes a backup of a whole database and checks that it can be read. The file has its name only when it is complete; it is readable only by its owner.
    /// </summary>
    /// <param name="connection">The database. The password reaches pg_dump through its environment, never its arguments.</param>
    /// <param name="file">The file to write, in a directory that exists.</param>
    /// <param name="cancellationToken">Kills pg_dump and removes what it wrote.</param>
    /// <exception cref="ExpungeException">The file exists (<see cref="ErrorCodes.FileExists"/>), can't be written (<see cref="ErrorCodes.Usage"/>), or pg_dump or the check failed (<see cref="ErrorCodes.PgDumpUnusable"/>).</exception>
    public async Task<BackupFile> RunAsync(NpgsqlConnectionStringBuilder connection, string file, CancellationToken cancellationToken)
    {
        file = System.IO.Path.GetFullPath(file);
        if (File.Exists(file) || Directory.Exists(file)) throw Exists(file);
        var partial = $"{file}.{Guid.NewGuid():N}.partial";
        try
        {
            Create(partial);
            var takenAt = DateTimeOffset.UtcNow;
            await RunAsync(Path, ["--format=custom", "--no-password", $"--file={partial}"], connection, cancellationToken);
            await CheckAsync(partial, connection, cancellationToken);
            var (bytes, sha256) = await HashAsync(partial, cancellationToken);
            Publish(partial, file);
            return new(file, bytes, sha256, Version, takenAt);
        }
        finally
        {
            // After success it has its name; a directory that never was has nothing to remove.
            if (File.Exists(partial)) File.Delete(partial);
        }
    }

    /// <summary>The definitions of a whole database as SQL, without rows, privileges and Expunge's own schema.</summary>
    /// <param name="connection">The database.</param>
    /// <param name="cancellationToken">Kills pg_dump.</param>
    /// <exception cref="ExpungeException"><see cref="ErrorCodes.PgDumpUnusable"/>: it failed.</exception>
    public Task<string> SchemaAsync(NpgsqlConnectionStringBuilder connection, CancellationToken cancellationToken) =>
        RunAsync(Path, ["--schema-only", "--no-privileges", "--no-publications", "--no-subscriptions", "--exclude-schema=expunge", "--no-password"], connection, cancellationToken, "The dump of the schema");

    private static void Create(string partial)
    {
        try
        {
            // Made here, before pg_dump writes into it: so there is no moment at which others can read it.
            var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
            if (!OperatingSystem.IsWindows()) options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
            File.Open(partial, options).Dispose();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ExpungeException(ErrorCodes.Usage, $"No backup can be written into '{System.IO.Path.GetDirectoryName(partial)}'.", "Name a file in a directory that exists and that you may write to.", e);
        }
    }

    private static async Task<string> RunAsync(
        string program, IEnumerable<string> arguments, NpgsqlConnectionStringBuilder connection, CancellationToken cancellationToken, string what = "The backup")
    {
        var said = await ClientProgram.RunAsync(program, arguments, ClientProgram.Variables(connection), cancellationToken)
            ?? throw new ExpungeException(ErrorCodes.PgDumpUnusable, $"'{program}' can't be run.", "Install PostgreSQL's client programs again, or set PG_DUMP to the path of another pg_dump.");
        if (said.ExitCode == 0) return said.Output;
        var lines = said.Errors.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).TakeLast(ErrorLines);
        var secrets = new[] { connection.Password, connection.SslPassword }.OfType<string>().Where(secret => secret.Length > 0);
        var reason = secrets.Aggregate(string.Join('\n', lines), (text, secret) => text.Replace(secret, "…", StringComparison.Ordinal));
        throw new ExpungeException(
            ErrorCodes.PgDumpUnusable,
            $"{what} of {ConnectionSettings.Describe(connection)} failed; {System.IO.Path.GetFileName(program)} ended with {said.ExitCode}:\n{reason}",
            "Check that the server is reached, that the user may read every table and that the disk has room; then run the same command again.");
    }

    private async Task CheckAsync(string partial, NpgsqlConnectionStringBuilder connection, CancellationToken cancellationToken)
    {
        var list = await RunAsync(ClientProgram.At(System.IO.Path.GetDirectoryName(Path), "pg_restore"), ["--list", partial], connection, cancellationToken);
        if (Entries().IsMatch(list)) return;
        throw new ExpungeException(ErrorCodes.PgDumpUnusable, $"The backup of {ConnectionSettings.Describe(connection)} has no table of contents.", "Run the backup again.");
    }

    private static async Task<(long Bytes, string Sha256)> HashAsync(string partial, CancellationToken cancellationToken)
    {
        await using var stream = File.OpenRead(partial);
        return (stream.Length, Convert.ToHexStringLower(await SHA256.HashDataAsync(stream, cancellationToken)));
    }

    private static void Publish(string partial, string file)
    {
        try
        {
            File.Move(partial, file, overwrite: false);
        }
        catch (IOException) when (File.Exists(file))
        {
            throw Exists(file);
        }
    }

    private static ExpungeException Exists(string file) => new(ErrorCodes.FileExists, $"'{file}' exists already; a backup is never overwritten.", "Name another file.");

    [GeneratedRegex("^; *TOC Entries: [1-9]", RegexOptions.Multiline)]
    private static partial Regex Entries();
}
