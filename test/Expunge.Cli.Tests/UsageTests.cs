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
}
