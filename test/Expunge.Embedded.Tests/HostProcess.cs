using System.Diagnostics;

namespace Expunge.Embedded.Tests;

/// <summary>Expunge.Embedded.Host in a session of its own, like a program in a terminal: its pid is its process group.</summary>
internal sealed class HostProcess : IDisposable
{
    private readonly Process _process;

    private HostProcess(Process process, IReadOnlyList<string> lines) => (_process, Lines) = (process, lines);

    /// <summary>What the host printed: port, data directory, log, and what else its verb says.</summary>
    public IReadOnlyList<string> Lines { get; }

    public int Id => _process.Id;

    public int Port => int.Parse(Lines[0]);

    public string DataDirectory => Lines[1];

    public static async Task<HostProcess> StartAsync(string verb, int lines, string? cache = null)
    {
        var info = new ProcessStartInfo("setsid", ["dotnet", Path.Combine(AppContext.BaseDirectory, "Expunge.Embedded.Host.dll"), verb]) { RedirectStandardOutput = true, UseShellExecute = false };
        if (cache is not null) info.Environment["EXPUNGE_CACHE"] = cache;
        var process = Process.Start(info)!;
        var printed = new List<string>();
        while (printed.Count < lines) printed.Add(await process.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken) ?? throw new InvalidOperationException($"The host ended after: {string.Join(" / ", printed)}"));
        return new HostProcess(process, printed);
    }

    /// <summary>The child of the host that keeps its server.</summary>
    public int Supervisor() => int.Parse(string.Concat(Directory.EnumerateDirectories($"/proc/{Id}/task").Select(t => File.ReadAllText(Path.Combine(t, "children")))).Trim().Split(' ')[0]);

    public Task SignalAsync(string signal, int target) => Command.RunAsync(["kill", $"-{signal}", "--", $"{target}"], ct: TestContext.Current.CancellationToken);

    public Task WaitAsync() => _process.WaitForExitAsync(TestContext.Current.CancellationToken);

    public void Dispose()
    {
        if (!_process.HasExited) _process.Kill();
        _process.Dispose();
    }
}
