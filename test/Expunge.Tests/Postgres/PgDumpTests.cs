using System.Security.Cryptography;
using Expunge.Postgres;
using Expunge.Testing;
using Npgsql;
using Xunit;

namespace Expunge.Tests.Postgres;

public sealed class PgDumpTests : IDisposable
{
    private readonly string directory = Directory.CreateTempSubdirectory("expunge-backup").FullName;

    private string Target => Path.Combine(directory, "backup.dump");

    public void Dispose() => Directory.Delete(directory, recursive: true);

    [Fact]
    public async Task The_oldest_pg_dump_that_is_not_older_than_the_server_is_taken()
    {
        var (old, newer) = (Program("a", "94.2"), Program("b", "96beta1"));
        var path = $"{Path.GetDirectoryName(newer)}:{directory}/none:{Path.GetDirectoryName(old)}";

        Assert.Equal(new PgDump(old, "94.2"), await Find(93, ("PATH", path)));
        Assert.Equal(new PgDump(old, "94.2"), await Find(94, ("PATH", path)));
        Assert.Equal(new PgDump(newer, "96beta1"), await Find(95, ("PATH", path)));
    }

    [Fact]
    public async Task PG_DUMP_names_the_one_to_take()
    {
        var (named, other) = (Program("a", "96.1"), Program("b", "94.2"));

        Assert.Equal(named, (await Find(94, ("PATH", Path.GetDirectoryName(other)!), ("PG_DUMP", named))).Path);
    }

    [Fact]
    public async Task Without_a_fitting_pg_dump_the_error_says_which_one_to_install()
    {
        var old = Program("a", "94.2");

        await Refused(() => Find(97, ("PATH", Path.GetDirectoryName(old)!)), ErrorCodes.PgDumpUnusable, "The newest pg_dump here is 94.2; a PostgreSQL 97 server needs pg_dump 97 or newer.");
        await Refused(() => Find(97, ("PG_DUMP", old)), ErrorCodes.PgDumpUnusable, $"PG_DUMP names '{old}', which is 94.2; a PostgreSQL 97 server needs pg_dump 97 or newer.");
        var e = await Refused(() => Find(15, ("PG_DUMP", "/nowhere/pg_dump")), ErrorCodes.PgDumpUnusable, "PG_DUMP names '/nowhere/pg_dump', which is not a pg_dump that can be run; a PostgreSQL 15 server needs pg_dump 15 or newer.");
        Assert.Contains("apt-get install postgresql-client-15", e.NextStep, StringComparison.Ordinal);
        Assert.Contains("PG_DUMP", e.NextStep, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_backup_holds_the_whole_database_and_only_its_owner_can_read_it()
    {
        var database = new NpgsqlConnectionStringBuilder(await TestServer.EmptyAsync());
        await TestServer.ExecuteAsync(database.ConnectionString, "CREATE TABLE users (id int PRIMARY KEY); INSERT INTO users SELECT generate_series(1, 1000)");
        var dump = await ServerPgDump.FindOrSkipAsync();

        var backup = await dump.RunAsync(database, Target, default);

        Assert.Equal((Target, new FileInfo(Target).Length, dump.Version), (backup.Path, backup.Bytes, backup.PgDumpVersion));
        Assert.Equal(Convert.ToHexStringLower(SHA256.HashData(await File.ReadAllBytesAsync(Target))), backup.Sha256);
        Assert.InRange(backup.TakenAt, DateTimeOffset.UtcNow.AddMinutes(-5), DateTimeOffset.UtcNow);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, OperatingSystem.IsWindows() ? default : File.GetUnixFileMode(Target));
        Assert.Equal([Target], Directory.GetFiles(directory));
        await Refused(() => dump.RunAsync(database, Target, default), ErrorCodes.FileExists, $"'{Target}' exists already; a backup is never overwritten.");
    }

    [Fact]
    public async Task A_backup_that_fails_leaves_nothing_and_says_why_without_secrets()
    {
        var program = Program("a", "94.2", "echo connecting >&2; echo \"pg_dump: error: no luck with $PGPASSWORD at $PGHOST:$PGPORT\" >&2; exit 3");

        var e = await Refused(() => new PgDump(program, "94.2").RunAsync(Connection, Target, default), ErrorCodes.PgDumpUnusable);

        Assert.Equal("The backup of me@db:5433/app failed; pg_dump ended with 3:\nconnecting\npg_dump: error: no luck with … at db:5433", e.Message);
        Assert.Empty(Directory.GetFiles(directory));
    }

    [Fact]
    public async Task A_backup_that_cannot_be_read_back_is_no_backup()
    {
        var dump = new PgDump(Program("a", "94.2", "exit 0"), "94.2");
        Script(Path.Combine(directory, "a", "pg_restore"), "echo '; TOC Entries: 0'");
        await Refused(() => dump.RunAsync(Connection, Target, default), ErrorCodes.PgDumpUnusable, "The backup of me@db:5433/app has no table of contents.");

        Script(Path.Combine(directory, "a", "pg_restore"), "echo 'pg_restore: error: input file is too short' >&2; exit 1");
        Assert.Contains("too short", (await Refused(() => dump.RunAsync(Connection, Target, default), ErrorCodes.PgDumpUnusable)).Message, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFiles(directory));
    }

    [Fact]
    public async Task The_connection_is_in_the_environment_and_not_in_the_arguments()
    {
        var seen = Path.Combine(directory, "a", "seen");
        var program = Program("a", "94.2", $"echo \"$@\" | sed 's/--file=.*//' > {seen}; env | grep ^PG | sort >> {seen}; exit 1");
        var connection = ConnectionSettings.Resolve("postgresql://me:s3cret@a:1,[::1]:2/app?sslmode=verify-full&sslrootcert=/ca.crt&target_session_attrs=read-write&connect_timeout=9&options=-c%20geqo%3Doff&channel_binding=prefer", _ => null);

        await Refused(() => new PgDump(program, "94.2").RunAsync(connection, Target, default), ErrorCodes.PgDumpUnusable);

        Assert.Equal(
            [
                "--format=custom --no-password ", "PGAPPNAME=expunge", "PGCHANNELBINDING=prefer", "PGCONNECT_TIMEOUT=9", "PGDATABASE=app", "PGHOST=a,::1", "PGOPTIONS=-c geqo=off", "PGPASSWORD=s3cret",
                "PGPORT=1,2", "PGSSLMODE=verify-full", "PGSSLROOTCERT=/ca.crt", "PGTARGETSESSIONATTRS=read-write", "PGUSER=me",
            ],
            await File.ReadAllLinesAsync(seen));
    }

    [Fact]
    public async Task Cancelling_kills_pg_dump_and_removes_what_it_wrote()
    {
        var pid = Path.Combine(directory, "a", "pid");
        var program = Program("a", "94.2", $"echo $$ > {pid}.part; mv {pid}.part {pid}; sleep 600");
        using var cancellation = new CancellationTokenSource();
        var run = new PgDump(program, "94.2").RunAsync(Connection, Target, cancellation.Token);
        while (!File.Exists(pid)) await Task.Delay(10);

        await cancellation.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => run);
        Assert.False(Directory.Exists($"/proc/{(await File.ReadAllTextAsync(pid)).Trim()}"));
        Assert.Empty(Directory.GetFiles(directory));
    }

    [Fact]
    public async Task A_directory_that_is_not_there_is_said_before_pg_dump_runs() =>
        await Refused(() => new PgDump("/nowhere/pg_dump", "15.1").RunAsync(Connection, "/nowhere/x.dump", default), ErrorCodes.Usage, "No backup can be written into '/nowhere'.");

    [Fact]
    public async Task A_pg_dump_that_is_gone_is_said() =>
        await Refused(() => new PgDump("/nowhere/pg_dump", "15.1").RunAsync(Connection, Target, default), ErrorCodes.PgDumpUnusable, "'/nowhere/pg_dump' can't be run.");

    private static NpgsqlConnectionStringBuilder Connection => new("Host=db;Port=5433;Database=app;Username=me;Password=s3cret");

    private static Task<PgDump> Find(int major, params (string Name, string Value)[] environment) =>
        PgDump.FindAsync(major, name => environment.FirstOrDefault(variable => variable.Name == name).Value, default);

    private static async Task<ExpungeException> Refused(Func<Task> action, string code, string? message = null)
    {
        var e = await Assert.ThrowsAsync<ExpungeException>(action);
        Assert.Equal((code, message ?? e.Message), (e.Code, e.Message));
        return e;
    }

    private string Program(string name, string version, string script = "exit 1")
    {
        Directory.CreateDirectory(Path.Combine(directory, name));
        return Script(Path.Combine(directory, name, "pg_dump"), $"[ \"$1\" = --version ] && echo 'pg_dump (PostgreSQL) {version} (Debian)' && exit 0\n{script}");
    }

    private static string Script(string path, string script)
    {
        File.WriteAllText(path, $"#!/bin/sh\n{script}\n");
        if (!OperatingSystem.IsWindows()) File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        return path;
    }
}
