using System.Diagnostics;

namespace Expunge.Embedded;

/// <summary>
/// A shell that runs the server and reads our commands from a pipe. However this process ends, the kernel closes the pipe, and the shell stops the server and
/// removes its data. .NET opens the pipe close-on-exec, so no other child of ours keeps it open.
/// </summary>
internal sealed class Supervisor : ServerHost
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(90);
    private readonly Process _shell;
    private readonly Task<string> _errors;
    private readonly FileStream _lock;
    private readonly string _script;
    private readonly SemaphoreSlim _turn = new(1);

    private Supervisor(Process shell, FileStream held, string home, string script) : base(home)
    {
        _shell = shell;
        _lock = held;
        _script = script;
        _errors = shell.StandardError.ReadToEndAsync();
    }

    public override string StopCommand => $"sh {Quote(_script)} stop {Quote(Home)}";

    /// <summary>Starts the shell; nothing of the server exists yet.</summary>
    public static Supervisor Launch(PostgresBinaries binaries, Template template, RunAs runAs, string script, string home, FileStream held)
    {
        // A session of its own: Ctrl-C in a terminal goes to the whole process group, and the server must outlive our own clean end.
        string[] session = Programs.Find(Programs.PathDirectories(), "setsid") is { } setsid ? [setsid] : [];
        var shell = Process.Start(Command.StartInfo([.. session, .. runAs.Prefix, "sh", script, "supervise", binaries.Directory, template.Directory, home]))!;
        return new Supervisor(shell, held, home, script);
    }

    public override Task<bool> CreateAsync(CancellationToken ct) => AskAsync("create", ct);

    public override Task<bool> SetAsync(string line, CancellationToken ct) => AskAsync("set " + line, ct);

    public override Task<bool> StartAsync(CancellationToken ct) => AskAsync("start", ct);

    public override Task<bool> RestartAsync(bool immediate, CancellationToken ct) => AskAsync(immediate ? "restart immediate" : "restart fast", ct);

    public override Task<bool> KeepAsync(CancellationToken ct) => AskAsync("keep", ct);

    private async Task<bool> AskAsync(string command, CancellationToken ct)
    {
        await _turn.WaitAsync(ct);
        try
        {
            await _shell.StandardInput.WriteAsync(command + "\n");
            await _shell.StandardInput.FlushAsync(ct);
            // The answer to a command that was sent is always read, or the next command would get it: cancelling waits for it.
            var answer = await _shell.StandardOutput.ReadLineAsync(CancellationToken.None).AsTask().WaitAsync(Patience, CancellationToken.None);
            ct.ThrowIfCancellationRequested();
            return answer == "ok";
        }
        catch (Exception e) when (e is IOException or TimeoutException)
        {
            // The shell is gone or stuck: for the caller that is a server that did not start, and the log has what is known.
            return false;
        }
        finally
        {
            _turn.Release();
        }
    }

    public override async ValueTask DisposeAsync()
    {
        try
        {
            _shell.StandardInput.Close();
        }
        catch (IOException) { /* The shell is gone already. */ }

        using var limit = new CancellationTokenSource(Patience);
        try
        {
            await _shell.WaitForExitAsync(limit.Token);
            await _errors;
        }
        catch (OperationCanceledException)
        {
            _shell.Kill();
        }

        await _lock.DisposeAsync();
        _shell.Dispose();
        _turn.Dispose();
    }

    private static string Quote(string path) => path.All(c => char.IsAsciiLetterOrDigit(c) || "/._-".Contains(c, StringComparison.Ordinal))
        ? path
        : $"'{path.Replace("'", @"'\''", StringComparison.Ordinal)}'";
}
