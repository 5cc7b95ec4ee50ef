using Microsoft.Playwright;
using Xunit;
using static Microsoft.Playwright.Assertions;

namespace Expunge.Server.Tests.Dashboard;

public sealed class DashboardLayoutTests(Chromium chromium)
{
    [Fact]
    public async Task No_page_asks_another_host_or_logs_an_error()
    {
        await using var dashboard = await OpenDashboard.ZivoHealthAsync(chromium);
        await dashboard.SignInAsync("root", "not the password");
        await dashboard.SignInAsync();
        await dashboard.SelectAsync((await dashboard.UsersAsync())[0]);
        await dashboard.BeginDeletionAsync();
        await dashboard.InDialog("Cancel").ClickAsync();
        await dashboard.Button("Dark colours").ClickAsync();
        await Expect(dashboard.Button("Light colours")).ToBeVisibleAsync();
        await dashboard.Button("Sign out").ClickAsync();
        await Expect(dashboard.Alert("You are signed out.")).ToBeVisibleAsync();
        Assert.Empty(dashboard.Troubles);
    }

    [Theory]
    [InlineData(390)]
    [InlineData(1280)]
    public async Task Nothing_scrolls_sideways_but_the_table_in_its_frame(int width)
    {
        await using var dashboard = await OpenDashboard.ZivoHealthAsync(chromium, new() { ViewportSize = new() { Width = width, Height = 844 } });
        Assert.Equal(width, await WidthAsync());
        await dashboard.SignInAsync();
        await dashboard.SelectAsync((await dashboard.UsersAsync())[0]);
        Assert.Equal(width, await WidthAsync());
        await Expect(dashboard.Button("Sign out")).ToBeInViewportAsync(new() { Ratio = 1 });
        await dashboard.Button("Delete permanently").ClickAsync();
        await Expect(dashboard.InDialog("Continue")).ToBeInViewportAsync();
        var box = await dashboard.Dialog.BoundingBoxAsync();
        Assert.InRange(box!.X + box.Width, 0, width);
        Assert.Equal(width, await WidthAsync());

        Task<int> WidthAsync() => dashboard.Page.EvaluateAsync<int>("document.documentElement.scrollWidth");
    }

    [Fact]
    public async Task The_colours_follow_the_system()
    {
        await using var dashboard = await (await OpenDashboard.ZivoHealthAsync(chromium, new() { ColorScheme = ColorScheme.Dark })).SignInAsync();
        await Expect(dashboard.Button("Light colours")).ToBeVisibleAsync();
    }

    [Fact]
    public async Task A_dialog_has_a_name_and_takes_the_focus_so_that_the_keyboard_is_enough()
    {
        await using var dashboard = await (await OpenDashboard.ZivoHealthAsync(chromium)).SignInAsync();
        await dashboard.PressUntilCheckedAsync((await dashboard.UsersAsync())[0]);
        await Expect(dashboard.Button("Mark for deletion")).ToBeEnabledAsync();
        await dashboard.Button("Mark for deletion").FocusAsync();
        await dashboard.Page.Keyboard.PressAsync("Enter");
        await Expect(dashboard.Page.GetByRole(AriaRole.Dialog, new() { Name = "Mark for deletion" })).ToBeVisibleAsync();
        await Expect(dashboard.Dialog.Locator(":focus")).ToHaveCountAsync(1);
        await dashboard.Page.Keyboard.PressAsync("Escape");
        await Expect(dashboard.Dialog).ToBeHiddenAsync();

        await dashboard.BeginDeletionAsync();
        await Expect(dashboard.Dialog.GetByLabel("Type 1 to confirm")).ToBeFocusedAsync();
    }
}
