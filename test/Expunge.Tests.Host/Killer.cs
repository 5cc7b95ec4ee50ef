using System.Diagnostics;
using Expunge.Revisions;

namespace Expunge.Tests.Host;

/// <summary>Ends this process in the middle of a report, with nothing cleaned up.</summary>
internal sealed class Killer(int at) : IProgress<StepProgress>
{
    private int _reports;

    public void Report(StepProgress value)
    {
        if (value.Stage is not (StepStage.Started or StepStage.Done) || ++_reports != at) return;
        using var self = Process.GetCurrentProcess();
        self.Kill();
        Thread.Sleep(Timeout.Infinite);
    }
}
