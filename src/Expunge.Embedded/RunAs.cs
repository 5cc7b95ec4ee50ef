namespace Expunge.Embedded;

/// <summary>PostgreSQL refuses to run as root. For root, <see cref="Prefix"/> is the command line that becomes another account; for everybody else it is empty.</summary>
internal sealed record RunAs(string? User, IReadOnlyList<string> Prefix)
{
    public static readonly RunAs Self = new(null, []);

    /// <exception cref="EmbeddedPostgresException">Root has no account to change to, or nothing to change it with.</exception>
    public static async Task<RunAs> FindAsync(CancellationToken ct)
    {
        if (OperatingSystem.IsWindows() || !Environment.IsPrivilegedProcess) return Self;
        var accounts = (await File.ReadAllLinesAsync("/etc/passwd", ct)).Select(l => l.Split(':')).Where(f => f.Length >= 4 && f[2] != "0").ToList();
        var account = accounts.Find(f => f[0] == "postgres") ?? accounts.Find(f => f[0] == "nobody")
            ?? throw new EmbeddedPostgresException("PostgreSQL refuses to run as root, and there is neither an account 'postgres' nor 'nobody' to run it as.", "Run this as another user than root.");

        IReadOnlyList<string>[] ways =
        [
            ["setpriv", "--reuid", account[2], "--regid", account[3], "--clear-groups"],
            ["runuser", "-u", account[0], "--"],
            // su passes a command line to a shell only; this gives it back its words.
            ["su", "-s", "/bin/sh", account[0], "-c", "exec \"$0\" \"$@\"", "--"],
        ];
        foreach (var way in ways.Where(w => Programs.Find(Programs.PathDirectories(), w[0]) is not null))
        {
            if ((await Command.RunAsync([.. way, "true"], ct: ct)).ExitCode == 0) return new RunAs(account[0], way);
        }

        throw new EmbeddedPostgresException($"PostgreSQL refuses to run as root, and none of setpriv, runuser and su can run it as '{account[0]}'.", "Run this as another user than root.");
    }

    /// <summary>Makes a directory that only the server's account can enter (and root).</summary>
    /// <exception cref="EmbeddedPostgresException">That account cannot write there.</exception>
    public async Task CreateDirectoryAsync(string path, CancellationToken ct)
    {
        if (User is null)
        {
            Directory.CreateDirectory(path);
            if (!OperatingSystem.IsWindows()) File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
            return;
        }

        var made = await Command.RunAsync(["sh", "-c", "mkdir -p -m 700 -- \"$1\" && chown -- \"$2\" \"$1\"", "sh", path, User], ct: ct);
        var reached = made.ExitCode == 0 ? await Command.RunAsync([.. Prefix, "test", "-w", path], ct: ct) : made;
        if (reached.ExitCode != 0)
            throw new EmbeddedPostgresException($"The account '{User}', which runs PostgreSQL because root may not, cannot write {path}.", "Set EXPUNGE_CACHE to a directory whose parents everybody may enter, such as /var/cache/expunge.");
    }
}
