using System.Diagnostics;
using Expunge.Deletion;

namespace Expunge.Tests.Host;

/// <summary>Ends this process when a deletion's last batch is committed and the deletion is not over yet.</summary>
internal sealed class DeletionKiller : IProgress<DeletionProgress>
{
    public void Report(DeletionProgress value)
    {
        if (value.Done < value.Total) return;
        using var self = Process.GetCurrentProcess();
        self.Kill();
        Thread.Sleep(Timeout.Infinite);
    }
}
