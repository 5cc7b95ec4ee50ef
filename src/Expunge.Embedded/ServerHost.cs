namespace Expunge.Embedded;

/// <summary>What keeps one server: the steps from an empty place to a running server and back. After disposal server and data are gone, unless it was told to keep them.</summary>
internal abstract class ServerHost(string home) : IAsyncDisposable
{
    /// <summary>The directory that holds all of this server.</summary>
    public string Home { get; } = home;

    public string Data => Path.Combine(Home, "data");

    public string Log => Path.Combine(Home, "log");

    /// <summary>What stops the server and removes its data, to be pasted into a shell.</summary>
    public abstract string StopCommand { get; }

    /// <summary>Copies the template.</summary>
    public abstract Task<bool> CreateAsync(CancellationToken ct);

    /// <summary>Adds a line to postgresql.conf; the last one of a name counts.</summary>
    public abstract Task<bool> SetAsync(string line, CancellationToken ct);

    /// <summary>Starts the server and waits until it accepts connections. False: it did not start, the log says why.</summary>
    public abstract Task<bool> StartAsync(CancellationToken ct);

    public abstract Task<bool> RestartAsync(bool immediate, CancellationToken ct);

    /// <summary>From here on the server outlives this process.</summary>
    public abstract Task<bool> KeepAsync(CancellationToken ct);

    public abstract ValueTask DisposeAsync();

    /// <summary>The last lines of the server's log.</summary>
    public string LogTail()
    {
        try
        {
            return Command.Last(File.ReadLines(Log), 20);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return "  (the server wrote no log)";
        }
    }

    /// <summary>True when the last start failed because somebody else took the port in the meantime.</summary>
    public bool PortWasTaken() => LogTail().Contains("could not bind", StringComparison.Ordinal);
}
