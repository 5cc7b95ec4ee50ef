using System.Collections.Immutable;
using System.CommandLine;
using System.Text.Json;
using Expunge.Revisions;

namespace Expunge.Cli;

/// <summary>What upgrade and downgrade have in common: how patiently their steps wait, and how they show what goes on.</summary>
internal static class StepOptions
{
    public static readonly Option<int> MaxWait = Seconds("--max-wait", "Seconds that a step tries to get its locks", 60, 1, 86_400);

    public static readonly Option<int> LockTimeout = Seconds("--lock-timeout", "Seconds that one try may wait with SHARE UPDATE EXCLUSIVE, for which nobody who reads or writes waits", 3, 1, 600);

    public static readonly Option<int> MaxLag = Seconds("--max-lag", "Seconds that a streaming standby may be behind when the next table is swapped", 1, 0, 86_400);

    public static readonly Option<string> Progress = new("--progress") { Description = "auto: bars on a terminal; json: what goes on, as JSON Lines on stderr", HelpName = "form", DefaultValueFactory = _ => "auto" };

    private static readonly JsonSerializerOptions Compact = new(Session.JsonStyle) { WriteIndented = false };

    static StepOptions() => Progress.AcceptOnlyFromAmong("auto", "json");

    public static UpgradeOptions Read(Session session) => new()
    {
        Locks = new LockOptions { MaxWait = TimeSpan.FromSeconds(session.Parsed.GetValue(MaxWait)), LockTimeout = TimeSpan.FromSeconds(session.Parsed.GetValue(LockTimeout)) },
        MaxLag = TimeSpan.FromSeconds(session.Parsed.GetValue(MaxLag)),
        AcceptPublished = session.Parsed.GetValue(GlobalOptions.AcceptPublished),
    };

    /// <summary>Shows what goes on while work does: JSON Lines where they are asked for, a bar a phase on a terminal, else only whom it waits for.</summary>
    public static async Task<T> WithProgressAsync<T>(Session session, string what, ImmutableArray<Step> steps, Func<IProgress<StepProgress>, Task<T>> work)
    {
        if (session.Parsed.GetValue(Progress) == "json") return await work(new Direct(PrintJson));
        var waits = new WaitLines();
        if (Console.IsOutputRedirected || steps.IsEmpty) return await work(new Direct(waits.Report));
        return await PhaseBars.RunAsync(what, steps, bars => work(new Direct(bars.Report)));
    }

    public static Option<int> Seconds(string name, string description, int value, int least, int most)
    {
        var option = new Option<int>(name) { Description = description, HelpName = "seconds", DefaultValueFactory = _ => value };
        option.Validators.Add(result =>
        {
            if (result.Tokens is [{ Value: var text }] && !(int.TryParse(text, out var given) && given >= least && given <= most)) result.AddError($"{name} takes a number from {least} to {most}.");
        });
        return option;
    }

    private static void PrintJson(StepProgress p)
    {
        var line = JsonSerializer.Serialize(
            new { at = DateTimeOffset.UtcNow, p.Stage, p.Step.Phase, table = $"{p.Step.Table}", p.Step.Description, milliseconds = (long)p.Elapsed.TotalMilliseconds, p.Detail, p.Fraction, failure = p.Failure is { } f ? new { f.Code, f.Message, f.NextStep } : null }, Compact);
        Console.Error.WriteLine(line);
    }

    /// <summary>Progress that is told at once, on the worker's thread; <see cref="Progress{T}"/> would tell it after the end.</summary>
    private sealed class Direct(Action<StepProgress> report) : IProgress<StepProgress>
    {
        public void Report(StepProgress value) => report(value);
    }

    /// <summary>One line for each thing that a step waits for.</summary>
    private sealed class WaitLines
    {
        private readonly HashSet<Step> _said = new(ReferenceEqualityComparer.Instance);

        public void Report(StepProgress p)
        {
            lock (_said)
            {
                if (p.Stage == StepStage.Waiting && _said.Add(p.Step)) Console.Error.WriteLine($"  ⏳ {p.Step.Table} waits for {p.Detail}");
            }
        }
    }
}
