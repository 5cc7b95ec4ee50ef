using System.CommandLine;
using System.Globalization;

namespace Expunge.Cli;

/// <summary>What the commands that read many rows for a report have in common.</summary>
internal static class ScanOptions
{
    public static readonly Option<int> Limit = new("--limit")
    {
        Description = "How many examples of each; 0 for none",
        HelpName = "number",
        DefaultValueFactory = _ => 5,
        Validators =
        {
            result =>
            {
                if (result.Tokens is [{ Value: var text }] && !(int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number <= 10_000)) result.AddError("--limit takes a whole number from 0 to 10000.");
            },
        },
    };

    public static readonly Option<TimeSpan> Timeout = RunOptions.Duration("--timeout", "How long one query may take", TimeSpan.FromSeconds(60));
}
