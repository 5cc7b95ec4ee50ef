using System.Globalization;
using System.Text.RegularExpressions;

namespace Expunge.Postgres;

/// <summary>Finds a pg_dump that fits a server.</summary>
internal static partial class PgDumpSearch
{
    internal static async Task<PgDump> FindAsync(int serverMajor, Func<string, string?> environment, CancellationToken cancellationToken)
    {
        var named = environment("PG_DUMP") is { Length: > 0 } path ? path : null;
        var found = new List<PgDump>();
        foreach (var candidate in named is null ? Candidates(environment("PATH")) : [named])
        {
            if (await ReadVersionAsync(candidate, cancellationToken) is { } version) found.Add(new(candidate, version));
        }

        if (found.Where(dump => Major(dump) >= serverMajor).MinBy(Major) is { } best) return best;
        var what = (named, found.MaxBy(Major)) switch
        {
            (null, null) => "There is no pg_dump",
            (null, { } newest) => $"The newest pg_dump here is {newest.Version}",
            (_, null) => $"PG_DUMP names '{named}', which is not a pg_dump that can be run",
            (_, { } old) => $"PG_DUMP names '{named}', which is {old.Version}",
        };
        throw new ExpungeException(
            ErrorCodes.PgDumpUnusable,
            $"{what}; a PostgreSQL {serverMajor} server needs pg_dump {serverMajor} or newer.",
            $"Install one (Debian and Ubuntu: apt-get install postgresql-client-{serverMajor}), or set PG_DUMP to the path of one.");
    }

    private static int Major(PgDump dump) => int.Parse(MajorForm().Match(dump.Version).ValueSpan, NumberStyles.None, CultureInfo.InvariantCulture);

    // Debian's /usr/bin/pg_dump picks one of those in /usr/lib/postgresql by rules of its own: of equal versions the real program is taken, so it comes first.
    private static IEnumerable<string> Candidates(string? path)
    {
        const string Debian = "/usr/lib/postgresql";
        var versions = Directory.Exists(Debian) ? Directory.EnumerateDirectories(Debian).Order(StringComparer.Ordinal).Select(version => Path.Combine(version, "bin")) : [];
        var directories = (path ?? "").Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries);
        return versions.Concat(directories).Select(directory => ClientProgram.At(directory, "pg_dump")).Where(File.Exists).Distinct(StringComparer.Ordinal);
    }

    private static async Task<string?> ReadVersionAsync(string path, CancellationToken cancellationToken)
    {
        var said = await ClientProgram.RunAsync(path, ["--version"], new Dictionary<string, string>(StringComparer.Ordinal), cancellationToken);
        return said is { ExitCode: 0 } && VersionForm().Match(said.Value.Output) is { Success: true } match ? match.Groups["version"].Value : null;
    }

    [GeneratedRegex(@"\(PostgreSQL\) (?<version>[0-9]+\S*)", RegexOptions.ExplicitCapture)]
    private static partial Regex VersionForm();

    [GeneratedRegex("^[0-9]+")]
    private static partial Regex MajorForm();
}
