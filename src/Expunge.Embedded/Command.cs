using System.Collections;
using System.Diagnostics;

namespace Expunge.Embedded;

/// <summary>Runs a program to its end. Both of its outputs are read while it runs, so neither can fill up and block it.</summary>
internal static class Command
{
    internal sealed record Result(int ExitCode, string Output, string Error)
    {
        /// <summary>The last lines of what the program had to say, for an error message.</summary>
        public string Tail => Last((Error + "\n" + Output).Split('\n'), 15);
    }

    /// <summary>Runs a program found on PATH or by its path.</summary>
    /// <exception cref="System.ComponentModel.Win32Exception">There is no such program, or it may not be executed.</exception>
    public static async Task<Result> RunAsync(IEnumerable<string> commandLine, string? input = null, string? directory = null, CancellationToken ct = default)
    {
        using var process = Process.Start(StartInfo(commandLine, directory))!;
        await using var kill = ct.Register(() => process.Kill(entireProcessTree: true));
        var output = process.StandardOutput.ReadToEndAsync(CancellationToken.None);
        var error = process.StandardError.ReadToEndAsync(CancellationToken.None);
        try
        {
            await process.StandardInput.WriteAsync(input.AsMemory(), ct);
            process.StandardInput.Close();
        }
        catch (IOException) { /* It ended without reading its input; its exit code says more than the broken pipe. */ }

        var result = (await output, await error);
        await process.WaitForExitAsync(CancellationToken.None);
        ct.ThrowIfCancellationRequested();
        return new Result(process.ExitCode, result.Item1, result.Item2);
    }

    /// <summary>All three streams are ours, messages are English, and no PG* variable of the caller (PGDATA, PGPORT) reaches a server.</summary>
    public static ProcessStartInfo StartInfo(IEnumerable<string> commandLine, string? directory = null)
    {
        var arguments = commandLine.ToList();
        var info = new ProcessStartInfo(arguments[0], arguments.Skip(1))
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
            CreateNoWindow = true,
            // The caller's directory may be closed to the account that runs the server.
            WorkingDirectory = directory ?? Path.GetPathRoot(AppContext.BaseDirectory)!,
        };
        foreach (var name in Environment.GetEnvironmentVariables().Cast<DictionaryEntry>().Select(e => (string)e.Key).Where(n => n.StartsWith("PG", StringComparison.Ordinal)))
            info.Environment.Remove(name);
        info.Environment["LC_ALL"] = "C";
        return info;
    }

    /// <summary>The last lines that are not empty, each indented by two spaces.</summary>
    public static string Last(IEnumerable<string> lines, int count) =>
        string.Join('\n', lines.Where(l => !string.IsNullOrWhiteSpace(l)).TakeLast(count).Select(l => "  " + l.TrimEnd()));
}
