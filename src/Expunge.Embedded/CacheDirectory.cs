using System.Security.Cryptography;
using System.Text;

namespace Expunge.Embedded;

/// <summary>
/// Where binaries, initialised data directories and running servers live: <c>EXPUNGE_CACHE</c>, else for root <c>/var/cache/expunge</c> (which the account that
/// runs the server can reach, unlike root's home), else <c>$XDG_CACHE_HOME/expunge</c> or <c>~/.cache/expunge</c>, on Windows the local application data.
/// </summary>
internal sealed record CacheDirectory(string Path)
{
    private const UnixFileMode Shared = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute
        | UnixFileMode.GroupRead | UnixFileMode.GroupExecute | UnixFileMode.OtherRead | UnixFileMode.OtherExecute;

    public string Binaries => System.IO.Path.Combine(Path, "binaries");
    public string Templates => System.IO.Path.Combine(Path, "templates");
    public string Servers => System.IO.Path.Combine(Path, "servers");

    public static CacheDirectory FromEnvironment()
    {
        if (Environment.GetEnvironmentVariable("EXPUNGE_CACHE") is { Length: > 0 } set) return new CacheDirectory(System.IO.Path.GetFullPath(set));
        if (OperatingSystem.IsWindows())
            return new CacheDirectory(System.IO.Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.LocalApplicationData), "expunge"));
        if (Environment.IsPrivilegedProcess) return new CacheDirectory("/var/cache/expunge");
        if (Environment.GetEnvironmentVariable("XDG_CACHE_HOME") is { Length: > 0 } xdg && System.IO.Path.IsPathRooted(xdg)) return new CacheDirectory(System.IO.Path.Combine(xdg, "expunge"));
        return new CacheDirectory(System.IO.Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".cache", "expunge"));
    }

    /// <summary>Makes the directory, for root readable by the account that runs the server.</summary>
    /// <exception cref="EmbeddedPostgresException">It cannot be made or written.</exception>
    public void Create()
    {
        try
        {
            foreach (var directory in (string[])[Path, Binaries])
            {
                if (Directory.Exists(directory)) continue;
                Directory.CreateDirectory(directory);
                if (!OperatingSystem.IsWindows() && Environment.IsPrivilegedProcess) File.SetUnixFileMode(directory, Shared);
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new EmbeddedPostgresException($"The cache directory {Path} cannot be made: {e.Message}", "Set EXPUNGE_CACHE to a directory that this user may write.", e);
        }
    }

    /// <summary>The script that runs inside the server's account, written where that account can read but not change it. Its name follows its content.</summary>
    public string WriteScript()
    {
        var content = EmbeddedText.Read("server.sh");
        var path = System.IO.Path.Combine(Path, $"server-{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(content)))[..8]}.sh");
        if (File.Exists(path)) return path;
        var draft = $"{path}.{Guid.NewGuid():N}";
        File.WriteAllText(draft, content);
        if (!OperatingSystem.IsWindows()) File.SetUnixFileMode(draft, Shared);
        File.Move(draft, path, overwrite: true);
        return path;
    }
}
