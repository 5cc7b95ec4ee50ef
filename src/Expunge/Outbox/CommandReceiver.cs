using System.Collections.Immutable;
using System.ComponentModel;
using System.Diagnostics;

namespace Expunge.Outbox;

/// <summary>Starts a program for each event, without a shell. The event is on its standard input; exit code 0 means that it is delivered.</summary>
/// <param name="Program">The program's path, or its name on the PATH.</param>
/// <param name="Arguments">Its arguments, each as it is.</param>
public sealed record CommandReceiver(string Program, ImmutableArray<string> Arguments) : IOutboxReceiver
{
    private const int MostErrorText = 64 * 1024;

    /// <inheritdoc/>
    public int BatchSize => 1;

    /// <inheritdoc/>
    public async Task<string?> DeliverAsync(IReadOnlyList<OutboxEvent> events, CancellationToken cancellation)
    {
        using var process = Start();
        try
        {
            var errors = ReadAsync(process.StandardError);
            _ = ReadAsync(process.StandardOutput);
            await WriteAsync(process, events[0], cancellation);
            await process.WaitForExitAsync(cancellation);
            if (process.ExitCode == 0) return null;
            // What it left running may hold the pipe open.
            await Task.WhenAny(errors, Task.Delay(TimeSpan.FromSeconds(1), cancellation));
            var said = errors.IsCompletedSuccessfully ? await errors : "";
            return $"exit code {process.ExitCode}{(said.Length > 0 ? $": {Without(events[0], said)}" : "")}";
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            throw;
        }
    }

    private Process Start()
    {
        var start = new ProcessStartInfo(Program, Arguments) { UseShellExecute = false, RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment.Remove(WebhookSecret.Variable);
        try
        {
            return Process.Start(start)!;
        }
        catch (Exception e) when (e is Win32Exception or InvalidOperationException)
        {
            throw new ExpungeException(
                ErrorCodes.ReceiverUnusable, $"The program '{Program}' can't be started: {(e as Win32Exception)?.NativeErrorCode switch { 2 => "there is none", 13 => "it is not executable", _ => e.Message }}.",
                "Give the path of a program; a shell's command goes into a script. Nothing was delivered to it now.", e);
        }
    }

    private static async Task WriteAsync(Process process, OutboxEvent e, CancellationToken cancellation)
    {
        try
        {
            await process.StandardInput.BaseStream.WriteAsync(e.ToJson(), cancellation);
            process.StandardInput.BaseStream.WriteByte((byte)'\n');
            process.StandardInput.Close();
        }
        catch (IOException)
        {
            // It doesn't want to read it: its exit code decides.
        }
    }

    // To its end, so that the program never waits for us; kept is only the beginning.
    private static async Task<string> ReadAsync(StreamReader reader)
    {
        var (text, buffer) = (new System.Text.StringBuilder(), new char[4096]);
        try
        {
            while (await reader.ReadAsync(buffer) is > 0 and var read)
            {
                if (text.Length < MostErrorText) text.Append(buffer, 0, read);
            }
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException or InvalidOperationException)
        {
        }

        return text.ToString();
    }

    // Programs like to say what they could not do it to.
    private static string Without(OutboxEvent e, string said) => e.Value.Length == 0 ? said
        : e.Value.Length > MostErrorText / 2 ? "" : said.Replace(e.Value, "[value]", StringComparison.Ordinal).Replace(System.Text.Json.JsonSerializer.Serialize(e.Value)[1..^1], "[value]", StringComparison.Ordinal);
}
