using System.Text.Json;
using Microsoft.Playwright;
using Xunit;
using static Microsoft.Playwright.Assertions;

namespace Expunge.Server.Tests.Dashboard;

/// <summary>
/// The pictures of the pages in docs/images. Each is made anew and must look like the one that is committed: letters and dates differ from machine to machine and from day to day, so both are compared
/// as a thumbnail. <c>EXPUNGE_UPDATE_DOCS=1</c> writes them.
/// </summary>
public sealed class DashboardImagesTests(Chromium chromium, ServerBeforeUpgrade before) : IClassFixture<ServerBeforeUpgrade>
{
    /// <summary>The share of a thumbnail that may be lighter or darker. Of two different pages it is 6 % or more.</summary>
    private const double Tolerance = 0.05;

    private readonly Dictionary<string, byte[]> _pictures = [];

    [Fact]
    public async Task The_pictures_in_the_docs_are_of_the_pages_as_they_are_now()
    {
        Assert.SkipUnless(Axe.HasNpm, "Built without Cytoscape.js: there was no npm.");
        await TakeBeforeUpgradeAsync();
        await TakeAsync();
        await TakeOnPhoneAsync();

        if (SourceFiles.Updates)
        {
            foreach (var (name, picture) in _pictures) await File.WriteAllBytesAsync(PathOf(name), picture, TestContext.Current.CancellationToken);
        }

        await using var context = await chromium.ContextAsync();
        var page = await context.NewPageAsync();
        foreach (var (name, picture) in _pictures)
        {
            Assert.True(File.Exists(PathOf(name)), $"{PathOf(name)} is missing (EXPUNGE_UPDATE_DOCS=1 writes it).");
            var difference = await DifferenceAsync(page, await File.ReadAllBytesAsync(PathOf(name), TestContext.Current.CancellationToken), picture);
            Assert.True(difference <= Tolerance, $"{name}.png is not what the page looks like now: they differ by {difference:0.000} (EXPUNGE_UPDATE_DOCS=1 writes it).");
        }

        foreach (var (one, another) in _pictures.Values.Zip(_pictures.Values.Skip(1))) Assert.True(await DifferenceAsync(page, one, another) > Tolerance, "The comparison does not tell pages apart.");
        var inDocs = await File.ReadAllTextAsync(SourceFiles.PathOf("docs/dashboard.md"), TestContext.Current.CancellationToken);
        Assert.All(_pictures.Keys, name => Assert.Contains($"(images/{name}.png)", inDocs, StringComparison.Ordinal));
    }

    private async Task TakeBeforeUpgradeAsync()
    {
        await using var dashboard = await OpenDashboard.OnAsync(chromium, before.Server, "/schema");
        var page = dashboard.Page;
        await page.WaitForFunctionAsync("() => performance.getEntriesByName('graph drawn').length > 0");
        await dashboard.Search.FillAsync("attachment_scans");
        await dashboard.Search.PressAsync("Enter");
        await Expect(page.GetByRole(AriaRole.Complementary, new() { Name = "Details" })).ToBeVisibleAsync();
        await TakeAsync(page, "schema");

        await page.GetByRole(AriaRole.Link, new() { Name = "Revisions" }).ClickAsync();
        await page.GetByText("2 · swap").ClickAsync();
        await page.GetByRole(AriaRole.Region, new() { Name = "Steps: swap" }).Locator("summary").First.ClickAsync();
        await TakeAsync(page, "revisions");

        await page.GetByRole(AriaRole.Link, new() { Name = "Verify" }).ClickAsync();
        await Expect(page.GetByRole(AriaRole.Heading, new() { Name = "References" })).ToBeVisibleAsync();
        await page.Locator("details summary").First.ClickAsync();
        await TakeAsync(page, "verify");
    }

    private async Task TakeAsync()
    {
        await using var dashboard = await (await OpenDashboard.ZivoHealthAsync(chromium)).SignInAsync();
        var (page, users) = (dashboard.Page, await dashboard.UsersAsync());
        await dashboard.SelectAsync(users[1], users[3]);
        await Expect(page.GetByText("2 selected")).ToBeVisibleAsync();
        await TakeAsync(page, "users");

        await dashboard.Button("Delete permanently").ClickAsync();
        await Expect(dashboard.Dialog.GetByRole(AriaRole.Row).Filter(new() { HasText = "audit_events (no foreign key)" })).ToBeVisibleAsync();
        await TakeAsync(page, "confirmation");
        await dashboard.InDialog("Continue").ClickAsync();
        await dashboard.TypeNumberAsync("2");
        await dashboard.InDialog("Delete permanently").ClickAsync();
        await dashboard.Dialog.GetByRole(AriaRole.Link, new() { Name = "Deletion 1" }).ClickAsync();
        await Expect(dashboard.Dialog).ToBeHiddenAsync();
        await Expect(page.GetByRole(AriaRole.Status).Filter(new() { HasText = "State: completed" })).ToBeVisibleAsync();
        await TakeAsync(page, "deletion");

        await page.GetByRole(AriaRole.Link, new() { Name = "Audit" }).ClickAsync();
        await dashboard.Button("Verify the audit").ClickAsync();
        await Expect(page.GetByText("entries are as they were written.")).ToBeVisibleAsync();
        await TakeAsync(page, "audit");

        await page.GetByRole(AriaRole.Link, new() { Name = "Admins" }).ClickAsync();
        await Expect(dashboard.Button("New account")).ToBeVisibleAsync();
        await TakeAsync(page, "admins");
    }

    private async Task TakeOnPhoneAsync()
    {
        await using var dashboard = await (await OpenDashboard.ZivoHealthAsync(chromium, new() { ViewportSize = new() { Width = 390, Height = 844 }, ColorScheme = ColorScheme.Dark })).SignInAsync();
        await dashboard.Page.GetByRole(AriaRole.Link, new() { Name = "3", Exact = true }).ClickAsync();
        await Expect(dashboard.Page.GetByRole(AriaRole.Heading, new() { Name = "Shared rows" })).ToBeVisibleAsync();
        await Expect(dashboard.Page.GetByText("…")).ToHaveCountAsync(0);
        await TakeAsync(dashboard.Page, "user-phone");
    }

    // Until it does not change any more.
    private async Task TakeAsync(IPage page, string name)
    {
        byte[] last, picture = [];
        do (last, picture) = (picture, await page.ScreenshotAsync(new() { Caret = ScreenshotCaret.Hide, Animations = ScreenshotAnimations.Disabled }));
        while (!picture.AsSpan().SequenceEqual(last));
        _pictures[$"dashboard-{name}"] = picture;
    }

    /// <summary>The share of two pictures' thumbnails that is clearly lighter or darker in one than in the other; 1 where their sizes differ.</summary>
    private static async Task<double> DifferenceAsync(IPage page, byte[] a, byte[] b) => (await page.EvaluateAsync<JsonElement>(
        """
        async pictures => {
            const draw = async data => {
                const image = new Image();
                image.src = 'data:image/png;base64,' + data;
                await image.decode();
                const canvas = new OffscreenCanvas(80, 80), context = canvas.getContext('2d');
                context.imageSmoothingQuality = 'high';
                context.drawImage(image, 0, 0, 80, 80);
                return { size: image.width + ' ' + image.height, data: context.getImageData(0, 0, 80, 80).data };
            };
            const [a, b] = await Promise.all(pictures.map(draw));
            return a.size !== b.size ? 1 : a.data.filter((value, i) => Math.abs(value - b.data[i]) > 20).length / a.data.length;
        }
        """,
        new[] { Convert.ToBase64String(a), Convert.ToBase64String(b) })).GetDouble();

    private static string PathOf(string name) => SourceFiles.PathOf($"docs/images/{name}.png");
}
