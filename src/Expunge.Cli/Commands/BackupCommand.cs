using System.CommandLine;
using Expunge.Postgres;
using Expunge.Revisions;

namespace Expunge.Cli.Commands;

internal static class BackupCommand
{
    private static readonly Argument<string?> FileName = new("file") { Description = "Where to [default: DATABASE_YYYYMMDD_HHMMSS.dump]", Arity = ArgumentArity.ZeroOrOne };

    public static Command Create()
    {
        var command = new Command("backup", "pg_dump in custom format, checked with pg_restore --list, recorded in the journal") { FileName, GlobalOptions.AcceptPublished };
        command.SetAction(Session.Action(async (session, cancellation) =>
        {
            var catalog = await session.Database.ReadCatalogAsync(cancellation);
            var backup = await TakeAsync(session, session.Parsed.GetValue(FileName) ?? $"{catalog.Server.Database}_{DateTime.Now:yyyyMMdd_HHmmss}.dump", catalog.Server.Major, cancellation);
            if (session.Json) Session.PrintJson(backup);
            return ExitCodes.Ok;
        }));
        return command;
    }

    public static async Task<BackupFile> TakeAsync(Session session, string file, int serverMajor, CancellationToken cancellation)
    {
        var dump = await PgDump.FindAsync(serverMajor, Environment.GetEnvironmentVariable, cancellation);
        var backup = await dump.RunAsync(session.Database.Settings, file, cancellation);
        await Journal.RecordBackupAsync(session.Database, backup, session.Parsed.GetValue(GlobalOptions.AcceptPublished), cancellation);
        if (!session.Json) Output.Line($"✅ Backup {backup.Path}: {backup.Bytes:N0} bytes, readable by pg_restore, SHA-256 {backup.Sha256[..12]}…  Restore:  pg_restore --clean --if-exists -d DATABASE {backup.Path}");
        return backup;
    }
}
