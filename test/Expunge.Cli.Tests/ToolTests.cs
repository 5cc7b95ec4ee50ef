using System.Diagnostics;
using System.Reflection;
using System.Text.RegularExpressions;
using Expunge.Testing;
using Xunit;

namespace Expunge.Cli.Tests;

/// <summary>What users install: the packed tool, from its package alone, run where no source is.</summary>
public sealed partial class ToolTests
{
    [Fact]
    public async Task The_packed_tool_serves_the_dashboard_with_all_its_assets()
    {
        var folder = Directory.CreateTempSubdirectory("expunge-tool-").FullName;
        var project = DocsPages.PathOf("src/Expunge.Cli/Expunge.Cli.csproj");
        var configuration = typeof(ToolTests).Assembly.GetCustomAttribute<AssemblyConfigurationAttribute>()!.Configuration;
        await DotnetAsync("pack", project, "--no-build", "--configuration", configuration, "--output", folder);
        await DotnetAsync("tool", "install", "Expunge.Cli", "--tool-path", Path.Combine(folder, "bin"), "--source", folder);
        var connectionString = await TestServer.ZivoHealthAsync();
        await File.WriteAllTextAsync(Path.Combine(folder, "expunge.yaml"), ZivoHealth.Deployment.Policy, TestContext.Current.CancellationToken);

        using var tool = ExpungeProcess.StartTool(Path.Combine(folder, "bin", "expunge"), ["serve", "--port", "0", "--database", connectionString], folder);
        var url = new Uri(UrlPattern().Match(await tool.UntilAsync("Ctrl-C stops it.")).Value);
        Assert.Equal(0, (await ExpungeProcess.RunAsync(["admin", "create", "root", "--database", connectionString], stdin: "a long enough password")).ExitCode);
        using var client = new HttpClient { BaseAddress = url };
        var form = await client.GetStringAsync(new Uri("/sign-in", UriKind.Relative), TestContext.Current.CancellationToken);
        using var fields = new FormUrlEncodedContent(new Dictionary<string, string> { ["name"] = "root", ["password"] = "a long enough password", ["__RequestVerificationToken"] = Token().Match(form).Groups[1].Value });
        using var signedIn = await client.PostAsync(new Uri("/session", UriKind.Relative), fields, TestContext.Current.CancellationToken);
        var page = await signedIn.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        var assets = Assets().Matches(page).Select(m => m.Groups["path"].Value).Where(p => !p.StartsWith("data:", StringComparison.Ordinal)).ToList();
        // The page's script loads it.
        if (File.Exists(DocsPages.PathOf("src/Expunge.Server/npm/node_modules/.package-lock.json"))) assets.Add("_content/Expunge.Server/cytoscape.esm.min.mjs");
        var sizes = new Dictionary<string, long>(StringComparer.Ordinal);
        foreach (var asset in assets) sizes[asset] = (await client.GetByteArrayAsync(new Uri(url, asset), TestContext.Current.CancellationToken)).LongLength;
        tool.Interrupt();
        var result = await tool.WaitAsync();
        Directory.Delete(folder, recursive: true);

        Assert.Contains(assets, a => a.Contains("MudBlazor", StringComparison.Ordinal) && a.EndsWith(".css", StringComparison.Ordinal));
        Assert.Contains(assets, a => a.Contains("MudBlazor", StringComparison.Ordinal) && a.EndsWith(".js", StringComparison.Ordinal));
        Assert.Contains(assets, a => a.Contains("Expunge.Server/dashboard", StringComparison.Ordinal) && a.EndsWith(".css", StringComparison.Ordinal));
        Assert.Contains(assets, a => a.Contains("blazor.web", StringComparison.Ordinal));
        Assert.All(sizes, s => Assert.True(s.Value > 100, $"{s.Key}: {s.Value} bytes"));
        Assert.True(result.ExitCode == 0, result.ToString());
    }

    private static async Task DotnetAsync(params string[] args)
    {
        var start = new ProcessStartInfo("dotnet", args) { RedirectStandardOutput = true, RedirectStandardError = true, UseShellExecute = false };
        using var process = Process.Start(start)!;
        var (output, error) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.True(process.ExitCode == 0, await output + await error);
    }

    [GeneratedRegex("__RequestVerificationToken\" value=\"([^\"]+)\"", RegexOptions.None, 1000)]
    private static partial Regex Token();

    [GeneratedRegex("(src|href)=\"(?<path>[^\"]+\\.(css|js))\"", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Assets();

    [GeneratedRegex(@"http://127\.0\.0\.1:\d+", RegexOptions.None, 1000)]
    private static partial Regex UrlPattern();
}
