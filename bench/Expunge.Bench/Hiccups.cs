using System.Diagnostics;

namespace Expunge.Bench;

/// <summary>How long the machine itself stood still at the longest: a thread that only sleeps a millisecond at a time wakes up so much too late. What a latency beside it owes to the machine.</summary>
internal sealed class Hiccups : IDisposable
{
    private readonly CancellationTokenSource _end = new();
    private readonly Thread _thread;

    private Hiccups()
    {
        _thread = new Thread(Watch) { IsBackground = true };
        _thread.Start();
    }

    public double LongestMilliseconds { get; private set; }

    public static Hiccups Start() => new();

    private void Watch()
    {
        while (!_end.IsCancellationRequested)
        {
            var begun = Stopwatch.GetTimestamp();
            Thread.Sleep(1);
            LongestMilliseconds = Math.Max(LongestMilliseconds, Stopwatch.GetElapsedTime(begun).TotalMilliseconds - 1);
        }
    }

    public void Dispose()
    {
        _end.Cancel();
        _thread.Join();
        _end.Dispose();
    }
}
