using System.ComponentModel;
using System.Diagnostics;
using Npgsql;

namespace Expunge.Postgres;

/// <summary>Runs one of PostgreSQL's client programs.</summary>
internal static class ClientProgram
{
    /// <summary>The path of a program in a directory.</summary>
    internal static string At(string? directory, string name) => Path.Combine(directory ?? "", OperatingSystem.IsWindows() ? $"{name}.exe" : name);

    /// <summary>Runs a program to its end; on cancellation it is killed and has ended before this throws.</summary>
    /// <returns>What it said, or null when it can't be run at all.</returns>
    internal static async Task<(int ExitCode, string Output, string Errors)?> RunAsync(
        string path, IEnumerable<string> arguments, IReadOnlyDictionary<string, string> variables, CancellationToken cancellationToken)
    {
        var start = new ProcessStartInfo(path, arguments) { UseShellExecute = false, RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true };

        // What is in our own environment must not send the program elsewhere (PGHOSTADDR, PGSERVICE). Files with secrets that Npgsql takes from there stay.
        foreach (var name in start.Environment.Keys.Where(Redirects).ToList()) start.Environment.Remove(name);
        start.Environment["LC_ALL"] = "C";
        foreach (var (name, value) in variables) start.Environment[name] = value;

        using var process = new Process { StartInfo = start };
        try
        {
            process.Start();
        }
        catch (Win32Exception)
        {
            return null;
        }

        process.StandardInput.Close();
        var output = process.StandardOutput.ReadToEndAsync(CancellationToken.None);
        var errors = process.StandardError.ReadToEndAsync(CancellationToken.None);
        try
        {
            await process.WaitForExitAsync(cancellationToken);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            await process.WaitForExitAsync(CancellationToken.None);
            throw;
        }

        return (process.ExitCode, await output, await errors);
    }

    private static bool Redirects(string name) => name.StartsWith("PG", StringComparison.Ordinal) && !name.StartsWith("PGSSL", StringComparison.Ordinal) && name != "PGPASSFILE";

    /// <summary>A connection as libpq's environment variables, where other users of the machine can't read the password.</summary>
    internal static Dictionary<string, string> Variables(NpgsqlConnectionStringBuilder connection)
    {
        var variables = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var parameter in LibpqParameter.All)
        {
            if (parameter.Variable is { } variable && parameter.Get(connection) is { } value) variables[variable] = value;
        }

        var servers = HostList.Of(connection);
        variables.Remove("PGHOSTADDR");
        variables["PGHOST"] = string.Join(',', servers.Select(server => server.Host));
        variables["PGPORT"] = string.Join(',', servers.Select(server => server.Port));
        return variables;
    }
}
