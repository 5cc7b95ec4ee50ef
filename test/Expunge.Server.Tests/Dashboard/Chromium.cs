using Expunge.Server.Tests.Dashboard;
using Microsoft.Playwright;
using Xunit;

[assembly: AssemblyFixture(typeof(Chromium))]

namespace Expunge.Server.Tests.Dashboard;

/// <summary>One browser for all tests, started by the first that needs it: EXPUNGE_CHROMIUM, or one on the PATH, the headless shell first: it takes half the time.</summary>
public sealed class Chromium : IAsyncDisposable
{
    private const float Patience = 60_000;

    private readonly Lazy<Task<IBrowser>> _browser = new(StartAsync);
    private static readonly string? Executable = Environment.GetEnvironmentVariable("EXPUNGE_CHROMIUM") ?? (
        from name in new[] { "chromium-headless-shell", "chromium", "chromium-browser", "google-chrome" }
        from folder in (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator)
        select Path.Combine(folder, name)).FirstOrDefault(File.Exists);

    /// <summary>A browser of its own for a test: nobody's cookies.</summary>
    public async Task<IBrowserContext> ContextAsync(BrowserNewContextOptions? options = null)
    {
        Assert.SkipWhen(Executable is null, "There is no Chromium. Install it (apt-get install chromium-headless-shell), or set EXPUNGE_CHROMIUM to the file of a Chromium or Chrome.");
        options ??= new() { ViewportSize = new() { Width = 1280, Height = 800 } };
        // Two cores have better things to do than to draw how a dialog fades in.
        options.ReducedMotion = ReducedMotion.Reduce;
        var context = await (await _browser.Value).NewContextAsync(options);
        context.SetDefaultTimeout(Patience);
        Assertions.SetDefaultExpectTimeout(Patience);
        return context;
    }

    private static async Task<IBrowser> StartAsync()
    {
        var playwright = await Playwright.CreateAsync();
        return await playwright.Chromium.LaunchAsync(new() { ExecutablePath = Executable, Args = ["--disable-gpu", .. Environment.IsPrivilegedProcess ? new[] { "--no-sandbox" } : []] });
    }

    public async ValueTask DisposeAsync()
    {
        if (_browser.IsValueCreated) await (await _browser.Value).DisposeAsync();
    }
}
