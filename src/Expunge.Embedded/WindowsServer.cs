using System.Diagnostics;

namespace Expunge.Embedded;

/// <summary>The server on Windows, straight through pg_ctl. Untested; a killed process leaves the server running until the next start sweeps it.</summary>
internal sealed class WindowsServer(PostgresBinaries binaries, Template template, string home, FileStream held) : ServerHost(home)
{
    private bool _kept;

    public override string StopCommand => $"\"{Programs.File(binaries.Directory, "pg_ctl")}\" stop -m immediate -D \"{Data}\" & rmdir /s /q \"{Home}\"";

    public static async Task<Command.Result> InitializeAsync(PostgresBinaries binaries, string directory, string password, string[] locale, CancellationToken ct)
    {
        var draft = directory + ".new";
        if (Directory.Exists(draft)) Directory.Delete(draft, recursive: true);
        Directory.CreateDirectory(draft);
        var file = Path.Combine(draft, "password");
        await File.WriteAllTextAsync(file, password, ct);
        var made = await Command.RunAsync(
            [
                Programs.File(binaries.Directory, "initdb"), $"--pgdata={Path.Combine(draft, "data")}", "--username=postgres", $"--pwfile={file}", "--auth=scram-sha-256",
                "--encoding=UTF8", "--no-sync", "--no-instructions", .. locale,
            ],
            ct: ct);
        if (made.ExitCode == 0) Directory.Move(draft, directory);
        return made;
    }

    /// <summary>Stops and removes what a crash left, but not a server that was meant to stay.</summary>
    public static async Task SweepAsync(PostgresBinaries binaries, string home, CancellationToken ct)
    {
        if (!Directory.Exists(home)) return;
        var data = Path.Combine(home, "data");
        var status = await Command.RunAsync([Programs.File(binaries.Directory, "pg_ctl"), "status", "-D", data], ct: ct);
        if (status.ExitCode == 0 && File.Exists(Path.Combine(home, "keep"))) return;
        if (status.ExitCode == 0) await Command.RunAsync([Programs.File(binaries.Directory, "pg_ctl"), "stop", "-m", "immediate", "-D", data], ct: ct);
        Directory.Delete(home, recursive: true);
    }

    public override Task<bool> CreateAsync(CancellationToken ct)
    {
        foreach (var directory in Directory.EnumerateDirectories(template.Data, "*", SearchOption.AllDirectories).Prepend(template.Data))
            Directory.CreateDirectory(Path.Combine(Data, Path.GetRelativePath(template.Data, directory)));
        foreach (var file in Directory.EnumerateFiles(template.Data, "*", SearchOption.AllDirectories))
            File.Copy(file, Path.Combine(Data, Path.GetRelativePath(template.Data, file)));
        return Task.FromResult(true);
    }

    public override async Task<bool> SetAsync(string line, CancellationToken ct)
    {
        await File.AppendAllTextAsync(Path.Combine(Data, "postgresql.conf"), line + "\n", ct);
        return true;
    }

    public override Task<bool> StartAsync(CancellationToken ct) => ControlAsync(ct, "start");

    public override Task<bool> RestartAsync(bool immediate, CancellationToken ct) => ControlAsync(ct, "restart", "-m", immediate ? "immediate" : "fast");

    public override async Task<bool> KeepAsync(CancellationToken ct)
    {
        await File.WriteAllTextAsync(Path.Combine(Home, "keep"), "", ct);
        return _kept = true;
    }

    public override async ValueTask DisposeAsync()
    {
        if (!_kept)
        {
            await ControlAsync(CancellationToken.None, "stop", "-m", "immediate");
            if (Directory.Exists(Home)) Directory.Delete(Home, recursive: true);
        }

        await held.DisposeAsync();
        if (!_kept) File.Delete(Home + ".lock");
    }

    /// <summary>Without pipes: the server would inherit them and hold them open.</summary>
    private async Task<bool> ControlAsync(CancellationToken ct, params string[] arguments)
    {
        string[] all = [.. arguments, "-D", Data, "-l", Log, "-w", "-s"];
        using var process = Process.Start(new ProcessStartInfo(Programs.File(binaries.Directory, "pg_ctl"), all) { UseShellExecute = false })!;
        await process.WaitForExitAsync(ct);
        return process.ExitCode == 0;
    }
}
