using System.Diagnostics;
using System.Reflection;
using Npgsql;

namespace Expunge.Cli.Demo;

/// <summary>Runs the demo's commands for real, this program as a child process and SQL as a client would, and shows what they print.</summary>
internal sealed class DemoShell(string connectionString, string directory)
{
    private readonly Stopwatch _clock = Stopwatch.StartNew();

    /// <summary>The database's connection string; the commands get it by the environment.</summary>
    public string ConnectionString { get; } = connectionString;

    public static void Say(string text = "") => Output.Line(text);

    public void Act(string title) => Say($"\n{title}   [{_clock.Elapsed.TotalSeconds:0.0} s]\n");

    /// <summary>Runs a command of this program and prints the first and last lines of what it prints.</summary>
    /// <param name="arguments">The arguments as typed.</param>
    /// <param name="head">How many lines to show from the beginning.</param>
    /// <param name="tail">How many from the end.</param>
    /// <param name="expected">The exit code that the story needs; null for any.</param>
    /// <param name="input">What it reads from standard input; nothing by default.</param>
    /// <param name="cancellation">Ends it.</param>
    public async Task<(int ExitCode, string Errors)> ExpungeAsync(string arguments, int head, int tail, int? expected = ExitCodes.Ok, string? input = null, CancellationToken cancellation = default)
    {
        Say($"$ {(input is null ? "" : $"echo '{input}' | ")}expunge {arguments}");
        var clock = Stopwatch.StartNew();
        var (exitCode, output, errors) = await RunAsync(arguments.Split(' '), input, cancellation);
        var lines = output.TrimEnd().Split('\n');
        foreach (var line in lines.Length <= head + tail + 1 ? lines : [.. lines[..head], $"  … {lines.Length - head - tail} more lines …", .. lines[^tail..]]) Say(line);
        if (errors.Length > 0 && expected is not null) Say(errors.TrimEnd());
        Say($"(exit {exitCode}, {clock.Elapsed.TotalSeconds:0.0} s)");
        Say();
        if (expected is { } wanted && exitCode != wanted) throw new DemoFailure($"'expunge {arguments}' ended with exit code {exitCode}, not {wanted}.");
        return (exitCode, errors);
    }

    /// <summary>Executes one statement as psql would show it.</summary>
    /// <returns>The one value of a SELECT or RETURNING, or the number of rows of another statement.</returns>
    public static async Task<long> SqlAsync(NpgsqlConnection connection, string sql, CancellationToken cancellation)
    {
        Say($"zivohealth=# {sql}");
        await using var command = new NpgsqlCommand(sql, connection);
        await using var reader = await command.ExecuteReaderAsync(cancellation);
        var value = await reader.ReadAsync(cancellation) ? Convert.ToInt64(reader.GetValue(0)) : (long?)null;
        await reader.CloseAsync();
        Say(value is { } shown ? $"{shown}" : $"{sql.Split(' ')[0]} {reader.RecordsAffected}");
        return value ?? reader.RecordsAffected;
    }

    /// <summary>Sets the number of the next user: a sequence does not roll back, and the document's user has a number.</summary>
    public static async Task NextUserAsync(NpgsqlConnection connection, int id, CancellationToken cancellation)
    {
        await using var set = new NpgsqlCommand("SELECT setval('users_id_seq', $1, false)", connection) { Parameters = { new() { Value = (long)id } } };
        await set.ExecuteScalarAsync(cancellation);
    }

    public async Task<NpgsqlConnection> OpenAsync(CancellationToken cancellation)
    {
        var connection = new NpgsqlConnection(new NpgsqlConnectionStringBuilder(ConnectionString) { Pooling = false }.ConnectionString);
        await connection.OpenAsync(cancellation);
        return connection;
    }

    private async Task<(int ExitCode, string Output, string Errors)> RunAsync(string[] arguments, string? input, CancellationToken cancellation)
    {
        var start = new ProcessStartInfo(Environment.ProcessPath!) { UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true, RedirectStandardInput = true, WorkingDirectory = directory };
        if (Path.GetFileNameWithoutExtension(Environment.ProcessPath) == "dotnet") start.ArgumentList.Add(Assembly.GetExecutingAssembly().Location);
        foreach (var argument in arguments) start.ArgumentList.Add(argument);
        start.Environment["EXPUNGE_DATABASE"] = ConnectionString;
        using var process = Process.Start(start)!;
        if (input is not null) await process.StandardInput.WriteLineAsync(input.AsMemory(), cancellation);
        process.StandardInput.Close();
        var (output, errors) = (process.StandardOutput.ReadToEndAsync(cancellation), process.StandardError.ReadToEndAsync(cancellation));
        try
        {
            await process.WaitForExitAsync(cancellation);
            return (process.ExitCode, await output, await errors);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            throw;
        }
    }
}
