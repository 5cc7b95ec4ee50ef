namespace Expunge.Embedded;

/// <summary>Looks programs up in directories, as a shell does.</summary>
internal static class Programs
{
    public static IReadOnlyList<string> PathDirectories() =>
        [.. (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)];

    /// <summary>The file of a program in a directory; <c>.exe</c> on Windows.</summary>
    public static string File(string directory, string name) => Path.Combine(directory, OperatingSystem.IsWindows() ? name + ".exe" : name);

    /// <summary>The full path of the first match, or null. The name stands as given: <c>npm.cmd</c> needs its ending.</summary>
    public static string? Find(IEnumerable<string> directories, string name) => directories.Select(d => Path.Combine(d, name)).FirstOrDefault(System.IO.File.Exists);
}
