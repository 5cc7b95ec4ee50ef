using System.Collections.Immutable;
using Expunge.Revisions;
using Spectre.Console;

namespace Expunge.Cli;

/// <summary>A bar for each phase on a terminal, with the table at work, how much of its index is built, whom it waits for, and the waits so far.</summary>
internal sealed class PhaseBars
{
    private readonly Dictionary<string, ProgressTask> _bars;
    private readonly Lock _lock = new();
    private int _waits;

    private PhaseBars(Dictionary<string, ProgressTask> bars) => _bars = bars;

    public static async Task<T> RunAsync<T>(string what, ImmutableArray<Step> steps, Func<PhaseBars, Task<T>> work) => await AnsiConsole.Progress().AutoClear(true)
        .Columns(new TaskDescriptionColumn { Alignment = Justify.Left }, new ProgressBarColumn(), new PercentageColumn(), new ElapsedTimeColumn())
        .StartAsync(async context => await work(new PhaseBars(steps.GroupBy(s => s.Phase).ToDictionary(p => p.Key, p => context.AddTask($"{what}: {p.Key}", maxValue: p.Count()), StringComparer.Ordinal))));

    public void Report(StepProgress p)
    {
        lock (_lock)
        {
            var bar = _bars[p.Step.Phase];
            if (p.Stage == StepStage.Waiting) _waits++;
            if (p.Stage == StepStage.Done) bar.Increment(1);
            var now = p.Stage switch
            {
                StepStage.Waiting => $"waits for {p.Detail}",
                StepStage.Building => $"{p.Detail}{(p.Fraction is { } part ? $" {part:P0}" : "")}",
                _ => "",
            };
            bar.Description = Markup.Escape($"{p.Step.Phase}: {p.Step.Table} {now}{(_waits > 0 ? $" ({_waits} lock waits)" : "")}");
        }
    }
}
