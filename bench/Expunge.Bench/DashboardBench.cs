using System.Diagnostics;
using Microsoft.Playwright;
using Npgsql;

namespace Expunge.Bench;

/// <summary>How quick the dashboard is to its user: the list of users and the graph of 100 tables, first in a browser with nothing cached on a server that was just started, then again.</summary>
internal static class DashboardBench
{
    private const int Reloads = 10;

    public static async Task RunAsync(bool small)
    {
        await using var server = await BenchServer.StartAsync();
        await using var source = NpgsqlDataSource.Create(new NpgsqlConnectionStringBuilder(server.ConnectionString) { CommandTimeout = 0 });
        await HundredTables.CreateAsync(source, 10_000, rowsPerTable: 1);
        var executable = Environment.GetEnvironmentVariable("EXPUNGE_CHROMIUM") ?? "/usr/bin/chromium";
        using var playwright = await Playwright.CreateAsync();
        await using var browser = await playwright.Chromium.LaunchAsync(new() { ExecutablePath = executable, Args = ["--disable-gpu", .. Environment.IsPrivilegedProcess ? new[] { "--no-sandbox" } : []] });
        Console.WriteLine("\nFrom the navigation until it is there, ms.\n\n| | list of users, cold | warm, median | warm, worst | graph of 100 tables, cold | warm, median | warm, worst | of it drawing |\n|---|---|---|---|---|---|---|---|");
        for (var round = 1; round <= (small ? 2 : 5); round++)
        {
            string signedIn;
            await using (var serve = await ServeProcess.StartAsync(server.ConnectionString))
            {
                await using var context = await browser.NewContextAsync();
                var page = await context.NewPageAsync();
                await page.GotoAsync($"{serve.Client.BaseAddress}");
                await page.GetByLabel("Name").FillAsync("root");
                await page.GetByLabel("Password").FillAsync(ServeProcess.Password);
                await page.GetByRole(AriaRole.Button, new() { Name = "Sign in" }).ClickAsync();
                await page.Locator("tbody tr").First.WaitForAsync();
                signedIn = await context.StorageStateAsync();
            }

            // The cookie's key is in the database: another server knows it. Its port is not part of a cookie.
            await using var fresh = await ServeProcess.StartAsync(server.ConnectionString);
            var url = $"{fresh.Client.BaseAddress}";
            var (coldList, warmList, _) = await MeasureAsync(browser, signedIn, url, page => page.Locator("tbody tr").First.WaitForAsync());
            var (coldGraph, warmGraph, drawing) = await MeasureAsync(browser, signedIn, url + "schema", page => page.WaitForFunctionAsync("() => performance.getEntriesByName('graph drawn').length > 0"));
            Console.WriteLine($"| round {round} | {coldList:0} | {Percentile.Of(warmList, 0.5):0} | {warmList.Max():0} | {coldGraph:0} | {Percentile.Of(warmGraph, 0.5):0} | {warmGraph.Max():0} | {drawing:0} |");
        }

        Console.WriteLine($"\nPostgreSQL {server.Binaries.Version}, {browser.Version}.");
    }

    private static async Task<(double Cold, List<double> Warm, double Drawing)> MeasureAsync(IBrowser browser, string signedIn, string url, Func<IPage, Task> untilThere)
    {
        await using var context = await browser.NewContextAsync(new() { StorageState = signedIn, ViewportSize = new() { Width = 1280, Height = 800 } });
        var page = await context.NewPageAsync();
        var cold = await TimeAsync();
        var warm = new List<double>();
        for (var i = 0; i < Reloads; i++) warm.Add(await TimeAsync());
        return (cold, warm, await page.EvaluateAsync<double>("() => performance.getEntriesByName('graph drawn')[0]?.duration ?? 0"));

        async Task<double> TimeAsync()
        {
            var clock = Stopwatch.StartNew();
            await page.GotoAsync(url);
            await untilThere(page);
            return clock.Elapsed.TotalMilliseconds;
        }
    }
}
