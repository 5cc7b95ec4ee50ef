using System.Diagnostics;
using System.Text.Json;
using Npgsql;

namespace Expunge.Tests.Schemas;

/// <summary>The schemas of real applications in <c>shared/schemas</c> (in $EXPUNGE_SHARED, else in a folder above the tests), with the programs that build and fill them.</summary>
internal static class SharedSchemas
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web);

    public static string? Folder { get; } = Find();

    public static IEnumerable<string> Names => Folder is null ? [] : Directory.EnumerateFiles(Folder, "*.json").Select(f => Path.GetFileNameWithoutExtension(f)).Order(StringComparer.Ordinal);

    /// <summary>The root as the file names it: <c>schema.table</c>.</summary>
    public static string Root(string name)
    {
        using var facts = JsonDocument.Parse(File.ReadAllText(Path.Combine(Folder!, $"{name}.json")));
        return facts.RootElement.GetProperty("root").GetString()!;
    }

    /// <param name="name">The schema's name.</param>
    /// <param name="connectionString">An empty database.</param>
    /// <param name="checks">Whether with the CHECK constraints that can apply; fill.py knows nothing of them.</param>
    public static Task BuildAsync(string name, string connectionString, bool checks = false) =>
        PythonAsync(connectionString, [Path.Combine(Folder!, "build.py"), Path.Combine(Folder!, $"{name}.json"), "", .. checks ? new[] { "--checks" } : []]);

    /// <summary>The same as SQL.</summary>
    public static Task<string> SqlAsync(string name) => PythonAsync("", Path.Combine(Folder!, "build.py"), Path.Combine(Folder!, $"{name}.json"), "--ddl");

    public static async Task<Filled> FillAsync(string quotedRoot, string connectionString) =>
        JsonSerializer.Deserialize<Filled>(await PythonAsync(connectionString, Path.Combine(AppContext.BaseDirectory, "Schemas", "fill_two_users.py"), Folder!, quotedRoot), Json)!;

    private static async Task<string> PythonAsync(string connectionString, params string[] args)
    {
        var to = new NpgsqlConnectionStringBuilder(connectionString);
        var info = new ProcessStartInfo("/usr/bin/python3", args) { RedirectStandardOutput = true, RedirectStandardError = true, UseShellExecute = false };
        info.Environment["PYTHONDONTWRITEBYTECODE"] = "1";
        (info.Environment["PGHOST"], info.Environment["PGPORT"], info.Environment["PGUSER"]) = (to.Host, $"{to.Port}", to.Username);
        (info.Environment["PGPASSWORD"], info.Environment["PGDATABASE"]) = (to.Password, to.Database);
        using var python = Process.Start(info)!;
        var error = python.StandardError.ReadToEndAsync();
        var output = await python.StandardOutput.ReadToEndAsync();
        await python.WaitForExitAsync();
        return python.ExitCode == 0 ? output : throw new InvalidOperationException($"{Path.GetFileName(args[0])} failed: {await error}");
    }

    /// <summary>Why they can't be had here, or null.</summary>
    public static string? Missing()
    {
        if (Folder is null) return "no folder shared/schemas above the tests, and EXPUNGE_SHARED names none";
        if (!File.Exists("/usr/bin/python3")) return "build.py and fill.py need /usr/bin/python3:  apt-get install python3-psycopg2";
        using var python = Process.Start(new ProcessStartInfo("/usr/bin/python3", ["-c", "import psycopg2"]) { RedirectStandardError = true, UseShellExecute = false })!;
        python.WaitForExit();
        return python.ExitCode == 0 ? null : "build.py and fill.py need psycopg2:  apt-get install python3-psycopg2";
    }

    private static string? Find()
    {
        if (Environment.GetEnvironmentVariable("EXPUNGE_SHARED") is { Length: > 0 } given) return Directory.Exists(Path.Combine(given, "schemas")) ? Path.Combine(given, "schemas") : null;
        for (var at = new DirectoryInfo(AppContext.BaseDirectory); at is not null; at = at.Parent)
        {
            var schemas = Path.Combine(at.FullName, "shared", "schemas");
            if (Directory.Exists(schemas)) return schemas;
        }

        return null;
    }

    /// <summary>What fill.py inserted.</summary>
    internal sealed record Filled(IReadOnlyList<Row> Rows, IReadOnlyList<Row> Cross, IReadOnlyList<string> Problems);

    /// <summary>A row: its values as text, and the columns that name it.</summary>
    internal sealed record Row(string Schema, string Table, Dictionary<string, string?> Values, IReadOnlyList<string> Key, int User, bool MustSurvive);
}
