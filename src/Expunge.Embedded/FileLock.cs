namespace Expunge.Embedded;

/// <summary>A lock between processes: whoever has the file open. The kernel lets go of it when its holder ends, in whatever way.</summary>
internal static class FileLock
{
    /// <summary>Waits for the lock. Disposing of the stream releases it.</summary>
    public static async Task<FileStream> AcquireAsync(string path, CancellationToken ct)
    {
        for (; ; await Task.Delay(20, ct))
        {
            if (TryAcquire(path) is { } held) return held;
        }
    }

    /// <summary>The lock, or null when somebody holds it.</summary>
    public static FileStream? TryAcquire(string path)
    {
        FileStream file;
        try
        {
            file = new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException e) when (IsHeld(e))
        {
            return null;
        }

        // Its former holder may have removed the file between our opening and locking it: that lock would protect nothing.
        if (File.Exists(path)) return file;
        file.Dispose();
        return null;
    }

    /// <summary>EWOULDBLOCK (11 on Linux, 35 on macOS), or Windows' sharing violation.</summary>
    private static bool IsHeld(IOException e) => OperatingSystem.IsWindows() ? e.HResult == unchecked((int)0x80070020) : e.HResult is 11 or 35;
}
