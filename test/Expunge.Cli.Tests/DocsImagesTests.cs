using Expunge.Testing;
using Xunit;

namespace Expunge.Cli.Tests;

/// <summary>The pictures in docs/images are what the command draws now.</summary>
public sealed class DocsImagesTests
{
    private const string Image = "docs/images/zivohealth.svg";

    [Fact]
    public async Task The_picture_of_ZivoHealth_is_what_graph_draws_now()
    {
        using var policy = new PolicyFileOnDisk();
        var drawn = await ExpungeProcess.RunAsync(await TestServer.ZivoHealthAsync(), "graph", "--format", "svg", "--config", policy.Path);
        Assert.True(drawn.ExitCode == 0, drawn.ToString());

        var path = DocsPages.PathOf(Image);
        if (Environment.GetEnvironmentVariable("EXPUNGE_UPDATE_DOCS") == "1") await File.WriteAllTextAsync(path, drawn.Output, TestContext.Current.CancellationToken);
        var shown = await File.ReadAllTextAsync(path, TestContext.Current.CancellationToken);
        Assert.True(shown == drawn.Output, $"{Image}\n{DocsCuts.Difference(shown.Split('\n'), drawn.Output.Split('\n'), l => l)}\n(EXPUNGE_UPDATE_DOCS=1 writes what is drawn now.)");
        Assert.InRange(drawn.Output.Length, 1, 150_000);
    }
}
