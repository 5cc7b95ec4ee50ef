using System.Diagnostics;
using Expunge.Deletion;

namespace Expunge.Tests.Host;

/// <summary>Ends this process when a deletion's last batch is committed and the deletion is not over yet.</summary>
internal sealed class DeletionKiller : IProgress<DeletionJob>
{
    public void Report(DeletionJob value)
    {
        if (value.Subjects.Pending > 0) return;
        using var self = Process.GetCurrentProcess();
        self.Kill();
        Thread.Sleep(Timeout.Infinite);
    }
}
