using Expunge.Revisions;

namespace Expunge.Tests.Faults;

/// <summary>Does something once, on the thread of the run and while that stands still: when the first step that is meant gets to a stage.</summary>
internal sealed class Hook(StepStage stage, Func<Step, bool> at, Func<Task> what) : IProgress<StepProgress>
{
    private int _done;

    public bool HasRun => Volatile.Read(ref _done) > 0;

    public void Report(StepProgress value)
    {
        if (value.Stage == stage && at(value.Step) && Interlocked.Exchange(ref _done, 1) == 0) Task.Run(what).GetAwaiter().GetResult();
    }
}
