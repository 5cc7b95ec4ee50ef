using System.Security.Cryptography;
using System.Text;

namespace Expunge.Embedded;

/// <summary>An initialised data directory that every server starts from as a copy: initdb takes a second, a copy a tenth of it.</summary>
internal sealed record Template(string Directory, string Password)
{
    public string Data => Path.Combine(Directory, "data");

    /// <summary>The template of these binaries, built when there is none. Two processes that ask at once build it once.</summary>
    /// <exception cref="EmbeddedPostgresException">initdb failed.</exception>
    public static async Task<Template> GetAsync(PostgresBinaries binaries, CacheDirectory cache, RunAs runAs, string script, IProgress<string>? progress, CancellationToken ct)
    {
        await runAs.CreateDirectoryAsync(cache.Templates, ct);
        var key = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($"{binaries.Directory}\n{runAs.User}\n{Path.GetFileName(script)}")))[..8];
        var directory = Path.Combine(cache.Templates, $"{binaries.Version}-{key}");
        var password = Path.Combine(directory, "password");
        if (!File.Exists(password))
        {
            await using var held = await FileLock.AcquireAsync(directory + ".lock", ct);
            if (!File.Exists(password))
            {
                progress?.Report($"Preparing PostgreSQL {binaries.Version} (first run only)...");
                await BuildAsync(binaries, directory, runAs, script, ct);
            }
        }

        return new Template(directory, await File.ReadAllTextAsync(password, ct));
    }

    private static async Task BuildAsync(PostgresBinaries binaries, string directory, RunAs runAs, string script, CancellationToken ct)
    {
        var password = ScramVerifier.NewPassword();
        var made = OperatingSystem.IsWindows()
            ? await WindowsServer.InitializeAsync(binaries, directory, password, Locale(binaries), ct)
            : await Command.RunAsync([.. runAs.Prefix, "sh", script, "template", binaries.Directory, directory, .. Locale(binaries)], password, ct: ct);
        if (made.ExitCode == 0) return;

        var account = runAs.User is null ? "" : $" as '{runAs.User}', which runs it because root may not";
        throw new EmbeddedPostgresException(
            $"initdb of PostgreSQL {binaries.Version} in {binaries.Directory} failed{account}:\n{made.Tail}",
            runAs.User is null ? "Check that disk and directory are writable, or set EXPUNGE_PG_BIN to the bin directory of another PostgreSQL."
                : $"Check that '{runAs.User}' can read {binaries.Directory} and write {directory} (EXPUNGE_CACHE moves the latter).");
    }

    /// <summary>The same order and the same case rules for every version where there is a way: byte order, with Unicode's letters.</summary>
    private static string[] Locale(PostgresBinaries binaries)
    {
        if (binaries.MajorVersion >= 17) return ["--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"];
        return [OperatingSystem.IsLinux() ? "--locale=C.UTF-8" : "--locale=C"];
    }
}
