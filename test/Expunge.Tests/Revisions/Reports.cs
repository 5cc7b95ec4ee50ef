using System.Collections.Concurrent;
using Expunge.Revisions;

namespace Expunge.Tests.Revisions;

/// <summary>What an upgrade tells of its progress, as it is told.</summary>
internal sealed class Reports : IProgress<StepProgress>
{
    private readonly ConcurrentQueue<StepProgress> _all = [];

    /// <summary>Whom it waited for, each time that it said so.</summary>
    public IReadOnlyList<string> Waits => [.. _all.Where(p => p.Stage == StepStage.Waiting).Select(p => p.Detail!)];

    public void Report(StepProgress value) => _all.Enqueue(value);
}
