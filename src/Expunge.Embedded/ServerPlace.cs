namespace Expunge.Embedded;

/// <summary>The directory of one server with the lock that says that its process lives: <c>servers/ID</c> and <c>servers/ID.lock</c>.</summary>
internal sealed record ServerPlace(string Home, FileStream Held)
{
    /// <summary>A new place. Nobody else has it, and it is swept when this process ends without removing it.</summary>
    public static ServerPlace Claim(CacheDirectory cache)
    {
        for (; ; )
        {
            var home = Path.Combine(cache.Servers, Guid.NewGuid().ToString("N")[..12]);
            if (FileLock.TryAcquire(home + ".lock") is { } held) return new ServerPlace(home, held);
        }
    }

    /// <summary>Removes the servers whose process is gone: its machine was reset, or its supervisor was killed with it.</summary>
    public static async Task SweepAsync(PostgresBinaries binaries, CacheDirectory cache, RunAs runAs, string script, CancellationToken ct)
    {
        var homes = Directory.EnumerateFileSystemEntries(cache.Servers).Select(e => e.EndsWith(".lock", StringComparison.Ordinal) ? e[..^5] : e).Distinct().ToList();
        foreach (var home in homes)
        {
            await using var held = FileLock.TryAcquire(home + ".lock");
            if (held is null) continue;
            if (OperatingSystem.IsWindows()) await WindowsServer.SweepAsync(binaries, home, ct);
            else await Command.RunAsync([.. runAs.Prefix, "sh", script, "sweep", home], ct: ct);
        }
    }
}
