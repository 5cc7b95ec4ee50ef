namespace Expunge.Outbox;

/// <summary>Appends events to a file, one JSON document a line. They are delivered when the disk has them.</summary>
/// <param name="Path">The file's path; it is made where it is missing, readable only by its owner.</param>
public sealed record FileReceiver(string Path) : IOutboxReceiver
{
    private static readonly byte[] NewLine = [(byte)'\n'];

    /// <inheritdoc/>
    public int BatchSize => 500;

    /// <inheritdoc/>
    public async Task<string?> DeliverAsync(IReadOnlyList<OutboxEvent> events, CancellationToken cancellation)
    {
        await using var file = await OpenAsync(cancellation);
        try
        {
            // A crash can have left half a line.
            file.Seek(0, SeekOrigin.End);
            if (file.Length > 0)
            {
                file.Seek(-1, SeekOrigin.End);
                if (file.ReadByte() != '\n') await file.WriteAsync(NewLine, cancellation);
            }

            foreach (var e in events)
            {
                await file.WriteAsync(e.ToJson(), cancellation);
                await file.WriteAsync(NewLine, cancellation);
            }

            file.Flush(flushToDisk: true);
            return null;
        }
        catch (IOException e)
        {
            return $"the file can't be written: {e.Message}";
        }
    }

    /// <summary>Opens it for nobody else of ours: two that append at once would overwrite each other.</summary>
    private async Task<FileStream> OpenAsync(CancellationToken cancellation)
    {
        var options = new FileStreamOptions { Mode = FileMode.OpenOrCreate, Access = FileAccess.ReadWrite, Share = FileShare.None };
        if (!OperatingSystem.IsWindows()) options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        while (true)
        {
            try
            {
                var file = new FileStream(Path, options);
                if (file.CanSeek) return file;
                await file.DisposeAsync();
                throw Unusable("it is no regular file");
            }
            catch (Exception e) when (e is DirectoryNotFoundException or UnauthorizedAccessException or PathTooLongException or ArgumentException)
            {
                throw Unusable(e.Message, e);
            }
            catch (IOException) when (File.Exists(Path))
            {
                await Task.Delay(20, cancellation);
            }
            catch (IOException e)
            {
                throw Unusable(e.Message, e);
            }
        }
    }

    private ExpungeException Unusable(string why, Exception? e = null) => new(
        ErrorCodes.ReceiverUnusable, $"The file '{Path}' can't be opened: {why.TrimEnd('.')}.", "Name a file in a directory that exists and that you may write to. Nothing was delivered to it now.", e);
}
