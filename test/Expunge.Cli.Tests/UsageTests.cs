using Xunit;

namespace Expunge.Cli.Tests;

public sealed class UsageTests
{
    [Fact]
    public async Task An_unknown_option_is_named_with_the_way_to_the_help_and_exit_code_2()
    {
        var result = await ExpungeProcess.RunAsync(["upgrade", "--no-such-option"]);

        Assert.Equal(2, result.ExitCode);
        Assert.Contains("--no-such-option", result.Error, StringComparison.Ordinal);
        Assert.Contains("expunge upgrade --help", result.Error, StringComparison.Ordinal);
        Assert.Empty(result.Output);
    }

    [Fact]
    public async Task A_value_that_an_option_does_not_take_is_answered_with_those_it_takes()
    {
        var result = await ExpungeProcess.RunAsync(["guard", "install", "--mode", "loud"]);

        Assert.Equal((2, ""), (result.ExitCode, result.Output));
        Assert.Equal("Argument 'loud' not recognized. Must be one of:\n\t'warn'\n\t'enforce'\nRun  expunge guard install --help  for what it takes.\n", result.Error);
    }
}
