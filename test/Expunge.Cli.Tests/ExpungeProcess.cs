using System.Diagnostics;
using System.Text;
using Xunit;

namespace Expunge.Cli.Tests;

/// <summary>The command line as users have it: a process of its own, with piped input and output. The caller's PG* and EXPUNGE_* never reach it, nor its signing key.</summary>
internal sealed class ExpungeProcess : IDisposable
{
    /// <summary>EXPUNGE_TEST_CLI: CI has one that is compiled ahead of time, for the tests start it hundreds of times.</summary>
    private static readonly string Cli = Environment.GetEnvironmentVariable("EXPUNGE_TEST_CLI") ?? Path.Combine(AppContext.BaseDirectory, "Expunge.Cli.dll");

    private readonly Process _process;
    private readonly StringBuilder _printed = new();
    private readonly Task<string> _output;
    private readonly Task<string> _error;

    private ExpungeProcess(Process process)
    {
        _process = process;
        _output = ReadOutputAsync();
        _error = process.StandardError.ReadToEndAsync();
    }

    public int Id => _process.Id;

    public bool HasExited => _process.HasExited;

    /// <summary>Runs it to its end.</summary>
    /// <param name="args">The arguments, each as it is.</param>
    /// <param name="env">Variables to set; a null value removes one.</param>
    /// <param name="stdin">What it can read; nothing (an ended input, which is no terminal) by default.</param>
    /// <param name="directory">Its working directory; the test's by default.</param>
    public static async Task<Result> RunAsync(IEnumerable<string> args, IReadOnlyDictionary<string, string?>? env = null, string? stdin = null, string? directory = null)
    {
        using var started = Start(args, env, stdin, directory);
        return await started.WaitAsync();
    }

    /// <summary>Runs it on a database, without a question.</summary>
    public static Task<Result> RunAsync(string connectionString, params string[] args) => RunAsync([.. args, "--database", connectionString]);

    /// <summary>Starts it and goes on.</summary>
    public static ExpungeProcess Start(IEnumerable<string> args, IReadOnlyDictionary<string, string?>? env = null, string? stdin = null, string? directory = null) =>
        Start("dotnet", [Cli, .. args], env, stdin, directory);

    /// <summary>Starts an installed tool and goes on.</summary>
    public static ExpungeProcess StartTool(string path, IEnumerable<string> args, string directory) => Start(path, args, env: null, stdin: null, directory);

    private static ExpungeProcess Start(string program, IEnumerable<string> args, IReadOnlyDictionary<string, string?>? env, string? stdin, string? directory)
    {
        var info = new ProcessStartInfo(program, args)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            StandardOutputEncoding = Encoding.UTF8,
            StandardErrorEncoding = Encoding.UTF8,
            UseShellExecute = false,
            WorkingDirectory = directory ?? "",
        };
        foreach (var name in info.Environment.Keys.Where(k => k.StartsWith("PG", StringComparison.Ordinal) || k is "EXPUNGE_DATABASE" or "EXPUNGE_SIGNING_KEY" or "EXPUNGE_SIGNING_KEY_FILE").ToList()) info.Environment.Remove(name);
        info.Environment["XDG_CONFIG_HOME"] = Path.Combine(AppContext.BaseDirectory, "no-configuration");
        foreach (var (name, value) in env ?? new Dictionary<string, string?>(StringComparer.Ordinal))
        {
            if (value is null) info.Environment.Remove(name);
            else info.Environment[name] = value;
        }

        var process = Process.Start(info)!;
        if (stdin is not null) process.StandardInput.Write(stdin);
        process.StandardInput.Close();
        return new ExpungeProcess(process);
    }

    /// <summary>SIGKILL: it can't clean anything up.</summary>
    public void Kill() => _process.Kill();

    /// <summary>What Ctrl-C sends.</summary>
    public void Interrupt()
    {
        using var kill = Process.Start("kill", ["-INT", $"{Id}"]);
        kill.WaitForExit();
    }

    /// <summary>Waits until it has printed that text, and answers with all that it has printed.</summary>
    public async Task<string> UntilAsync(string text)
    {
        while (true)
        {
            lock (_printed)
            {
                if (_printed.ToString() is var printed && printed.Contains(text, StringComparison.Ordinal)) return printed;
            }

            if (_output.IsCompleted) Assert.Fail($"It ended without '{text}': {await WaitAsync()}");
            await Task.Delay(50, TestContext.Current.CancellationToken);
        }
    }

    private async Task<string> ReadOutputAsync()
    {
        while (await _process.StandardOutput.ReadLineAsync() is { } line)
        {
            lock (_printed) _printed.Append(line).Append('\n');
        }

        return _printed.ToString();
    }

    public async Task<Result> WaitAsync()
    {
        await _process.WaitForExitAsync(TestContext.Current.CancellationToken);
        return new Result(_process.ExitCode, await _output, await _error);
    }

    public void Dispose()
    {
        if (!_process.HasExited) _process.Kill();
        _process.Dispose();
    }

    /// <summary>How it ended.</summary>
    internal sealed record Result(int ExitCode, string Output, string Error)
    {
        /// <summary>All that it said, for messages of failed assertions.</summary>
        public override string ToString() => $"exit code {ExitCode}\n{Output}{Error}";
    }
}
