using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using System.Text.RegularExpressions;
using Expunge.Deletion;
using Expunge.Receipts;
using Spectre.Console;

namespace Expunge.Cli;

/// <summary>What the commands that carry a deletion out have in common: how it makes way for others, and how it shows what goes on.</summary>
internal static partial class RunOptions
{
    public static readonly Option<int> TargetMs = AtLeastOne(new Option<int>("--target-ms") { Description = "How long one transaction should take", HelpName = "milliseconds", DefaultValueFactory = _ => 100 });

    public static readonly Option<TimeSpan> MaxLag = Duration("--max-lag", "How far a streaming standby may be behind before the deletion waits for it", TimeSpan.FromSeconds(5));

    public static readonly Option<TimeSpan> MaxLockWait = Duration("--max-lock-wait", "How long a statement may wait for a lock before it is rolled back and tried again", TimeSpan.FromSeconds(3));

    public static readonly Option<int?> Rate = AtLeastOne(new Option<int?>("--rate") { Description = "How many rows may be deleted in a second, on average [default: as many as possible]", HelpName = "rows" });

    public static void AddTo(Command command)
    {
        foreach (var option in new Option[] { TargetMs, MaxLag, MaxLockWait, Rate, SigningKeyOption.Instance, GlobalOptions.Yes }) command.Options.Add(option);
    }

    /// <summary>Carries a deletion out: with a bar on a terminal, else only with a line for whatever it waits for.</summary>
    public static async Task<DeletionJob> RunAsync(Session session, Policy.PolicyFile policy, long deletion, SigningKey? key, CancellationToken cancellation)
    {
        var options = new DeletionOptions
        {
            Target = TimeSpan.FromMilliseconds(session.Parsed.GetValue(TargetMs)),
            MaxLag = session.Parsed.GetValue(MaxLag),
            MaxLockWait = session.Parsed.GetValue(MaxLockWait),
            Rate = session.Parsed.GetValue(Rate),
            SigningKey = key,
        };
        if (Console.IsOutputRedirected || session.Json) return await DeletionRunner.RunAsync(session.Database, policy, deletion, options with { Progress = new Notes() }, cancellation);
        return await AnsiConsole.Progress().AutoClear(true).Columns(new TaskDescriptionColumn { Alignment = Justify.Left }, new ProgressBarColumn(), new PercentageColumn(), new RemainingTimeColumn())
            .StartAsync(context => DeletionRunner.RunAsync(session.Database, policy, deletion, options with { Progress = new Bar(context.AddTask($"Deletion {deletion}")) }, cancellation));
    }

    private static Option<T> AtLeastOne<T>(Option<T> option)
    {
        option.Validators.Add(result =>
        {
            if (result.Tokens is [{ Value: var text }] && !(int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number > 0)) result.AddError($"{option.Name} takes a whole number, at least 1.");
        });
        return option;
    }

    public static Option<TimeSpan> Duration(string name, string description, TimeSpan standard) => new(name)
    {
        Description = $"{description} [default: {standard.TotalSeconds}s]",
        HelpName = "duration",
        DefaultValueFactory = _ => standard,
        CustomParser = result => Read(name, result),
    };

    private static TimeSpan Read(string name, ArgumentResult result)
    {
        if (result.Tokens is [{ Value: var text }] && DurationForm().Match(text) is { Success: true } match)
        {
            var amount = int.Parse(match.Groups["amount"].ValueSpan, CultureInfo.InvariantCulture);
            return match.Groups["unit"].Value switch { "ms" => TimeSpan.FromMilliseconds(amount), "m" => TimeSpan.FromMinutes(amount), _ => TimeSpan.FromSeconds(amount) };
        }

        result.AddError($"{name} takes a duration, such as 500ms, 5s or 2m.");
        return default;
    }

    [GeneratedRegex("^(?<amount>[1-9][0-9]{0,5})(?<unit>ms|s|m)?$", RegexOptions.ExplicitCapture)]
    private static partial Regex DurationForm();

    /// <summary>One line on stderr for each new thing that it waits for.</summary>
    private sealed class Notes : IProgress<DeletionProgress>
    {
        private string? _said;

        public void Report(DeletionProgress value)
        {
            // The same one, a second later.
            if (value.Note is not { } note || note.Split(',')[0] == _said) return;
            _said = note.Split(',')[0];
            Console.Error.WriteLine($"  ⏳ {note}");
        }
    }

    private sealed class Bar(ProgressTask task) : IProgress<DeletionProgress>
    {
        public void Report(DeletionProgress value)
        {
            (task.MaxValue, task.Value) = (value.Total, value.Done);
            task.Description = Markup.Escape($"{value.Done} of {value.Total}, {value.Rows} rows{(value.Note is null ? "" : $"; {value.Note}")}");
        }
    }
}
