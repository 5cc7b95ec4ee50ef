using System.CommandLine;
using System.Text;
using Expunge.Embedded;
using Expunge.Postgres;
using Npgsql;

namespace Expunge.Cli;

/// <summary>A private server with an empty database, for the schema that --schema-file names or that the database has. It is gone when this is disposed of.</summary>
internal sealed class SchemaCopy : IAsyncDisposable
{
    public static readonly Option<string?> SchemaFile = new("--schema-file") { Description = "A schema as SQL, as pg_dump --schema-only writes it, instead of a database", HelpName = "file" };

    private readonly EmbeddedPostgres _server;

    private SchemaCopy(EmbeddedPostgres server, Database database) => (_server, Database) = (server, database);

    public Database Database { get; }

    /// <summary>The schema as SQL.</summary>
    public static Task<string> SqlAsync(Session session, CancellationToken cancellation) =>
        session.Parsed.GetValue(SchemaFile) is { } file ? ReadAsync(file, cancellation) : DumpAsync(session, cancellation);

    public static async Task<SchemaCopy> StartAsync(Session session, CancellationToken cancellation)
    {
        var server = await EmbeddedPostgres.StartAsync(new EmbeddedPostgresOptions { Progress = new Progress<string>(Console.Error.WriteLine) }, cancellation);
        try
        {
            await using var admin = new NpgsqlConnection(server.ConnectionString);
            await admin.OpenAsync(cancellation);
            var name = Name(session);
            if (!await admin.ScalarAsync<bool>("SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)", cancellation, name)) await admin.ExecuteAsync($"CREATE DATABASE {Identifier.Quote(name)}", cancellation);
            return new SchemaCopy(server, new Database(new NpgsqlConnectionStringBuilder(server.ConnectionStringTo(name))));
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }
    }

    // Messages name the database: that of the user, then, or the file. It is 63 bytes long at the most.
    public static string Name(Session session) => session.Parsed.GetValue(SchemaFile) is not { } file ? session.Database.Settings.Database ?? "copy"
        : Path.GetFileName(file) is { Length: > 0 } name && Encoding.UTF8.GetByteCount(name) < 64 ? name : "copy";

    private static async Task<string> ReadAsync(string file, CancellationToken cancellation)
    {
        try
        {
            var text = await File.ReadAllTextAsync(file, cancellation);
            if (text.StartsWith("PGDMP", StringComparison.Ordinal)) throw new ExpungeException(ErrorCodes.SchemaUnreadable, $"{file} is a dump in pg_dump's custom format, not SQL.", $"Make SQL of it:  pg_restore --schema-only --file=schema.sql {file}");
            return text.Contains('\0', StringComparison.Ordinal) ? throw new ExpungeException(ErrorCodes.SchemaUnreadable, $"{file} is no text.", "Write one with  pg_dump --schema-only --file=FILE DATABASE") : text;
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new ExpungeException(ErrorCodes.Usage, $"There is no file {file}.", "Write one with  pg_dump --schema-only --file=FILE DATABASE", e);
        }
    }

    private static async Task<string> DumpAsync(Session session, CancellationToken cancellation)
    {
        var server = (await session.Database.ReadCatalogAsync(cancellation)).Server;
        var dump = await PgDump.FindAsync(server.Major, Environment.GetEnvironmentVariable, cancellation);
        return await dump.SchemaAsync(session.Database.Settings, cancellation);
    }

    public async ValueTask DisposeAsync()
    {
        await Database.DisposeAsync();
        await _server.DisposeAsync();
    }
}
