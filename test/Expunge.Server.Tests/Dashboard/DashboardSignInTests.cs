using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using System.Text.RegularExpressions;
using Microsoft.Playwright;
using Xunit;
using static Microsoft.Playwright.Assertions;

namespace Expunge.Server.Tests.Dashboard;

public sealed partial class DashboardSignInTests(Chromium chromium)
{
    [Fact]
    public async Task A_visitor_is_sent_to_the_sign_in_page_and_only_the_right_password_leads_on()
    {
        await using var dashboard = await OpenDashboard.ZivoHealthAsync(chromium);
        await Expect(dashboard.Page).ToHaveURLAsync(SignInPage());

        await dashboard.SignInAsync("root", "not the password");
        await Expect(dashboard.Alert("The name or the password is wrong.")).ToBeVisibleAsync();
        await dashboard.SignInAsync("nobody", RunningServer.Password);
        await Expect(dashboard.Alert("The name or the password is wrong.")).ToBeVisibleAsync();

        await dashboard.SignInAsync();
        await Expect(dashboard.Page.GetByRole(AriaRole.Heading, new() { Name = "Users" })).ToBeVisibleAsync();
        await Expect(dashboard.Page).ToHaveURLAsync(dashboard.Server.Url + "/");
    }

    [Fact]
    public async Task The_bar_says_who_is_signed_in_and_marks_the_super_admin()
    {
        await using var dashboard = await OpenDashboard.ZivoHealthAsync(chromium);
        await dashboard.SignInAsync();
        await Expect(dashboard.Page.GetByRole(AriaRole.Banner)).ToContainTextAsync("public.users");
        await Expect(dashboard.Page.GetByRole(AriaRole.Banner)).ToContainTextAsync("super admin");

        await dashboard.Button("Sign out").ClickAsync();
        await dashboard.SignInAsync("anna");
        await Expect(dashboard.Page.GetByRole(AriaRole.Banner)).ToContainTextAsync("anna");
        await Expect(dashboard.Page.GetByRole(AriaRole.Banner)).Not.ToContainTextAsync("super admin");
    }

    [Fact]
    public async Task Signing_out_leaves_the_page_and_the_next_visit_asks_for_a_password()
    {
        await using var dashboard = await OpenDashboard.ZivoHealthAsync(chromium);
        await dashboard.SignInAsync();
        await dashboard.Button("Sign out").ClickAsync();
        await Expect(dashboard.Alert("You are signed out.")).ToBeVisibleAsync();

        await dashboard.Page.GotoAsync(dashboard.Server.Url);
        await Expect(dashboard.Page).ToHaveURLAsync(SignInPage());
    }

    [Fact]
    public async Task A_password_changed_elsewhere_ends_the_open_page_and_nothing_is_changed()
    {
        await using var dashboard = await OpenDashboard.ZivoHealthAsync(chromium);
        await dashboard.SignInAsync("anna");
        await dashboard.SelectAsync((await dashboard.UsersAsync())[0]);

        await dashboard.Server.SignInAsync();
        var changed = await dashboard.Server.Client.PostAsJsonAsync($"/api/v1/admin/admins/{await AnnaAsync(dashboard)}/password", new { new_password = "another long password" });
        Assert.Equal(HttpStatusCode.NoContent, changed.StatusCode);

        await dashboard.Button("Mark for deletion").ClickAsync();
        await dashboard.InDialog("Mark for deletion").ClickAsync();
        await Expect(dashboard.Alert("Your sign-in has ended. Sign in again.")).ToBeVisibleAsync();
        Assert.Equal("0", await dashboard.ScalarAsync("SELECT count(*) FROM users WHERE is_tobe_deleted"));
    }

    [Fact]
    public async Task A_deleted_accounts_open_page_can_delete_nobody()
    {
        await using var dashboard = await OpenDashboard.ZivoHealthAsync(chromium);
        await dashboard.SignInAsync("anna");
        var users = await dashboard.UsersAsync();
        await dashboard.SelectAsync(users[0]);
        await dashboard.BeginDeletionAsync();
        await dashboard.TypeNumberAsync("1");

        await dashboard.Server.SignInAsync();
        await dashboard.Server.Client.DeleteAsync($"/api/v1/admin/admins/{await AnnaAsync(dashboard)}");

        await dashboard.InDialog("Delete permanently").ClickAsync();
        await Expect(dashboard.Page).ToHaveURLAsync(SignInPage());
        Assert.Equal(users, await dashboard.UsersAsync());
    }

    [Fact]
    public async Task Too_many_attempts_are_told_apart_from_a_wrong_password()
    {
        await using var dashboard = await OpenDashboard.ZivoHealthAsync(chromium, options: new ServerOptions { SignInsPerMinute = 1 });
        await dashboard.SignInAsync("root", "not the password");
        await dashboard.SignInAsync();
        await Expect(dashboard.Alert("Too many sign-ins")).ToBeVisibleAsync();
    }

    [Fact]
    public async Task Signing_in_without_a_database_says_so_and_works_when_it_is_back()
    {
        await using var dashboard = await OpenDashboard.ZivoHealthAsync(chromium);
        await dashboard.LetDatabaseAnswerAsync(false);
        await dashboard.SignInAsync();
        await Expect(dashboard.Alert("The database does not answer")).ToBeVisibleAsync();
        await dashboard.LetDatabaseAnswerAsync(true);
        await dashboard.SignInAsync();
        await Expect(dashboard.Page.GetByRole(AriaRole.Heading, new() { Name = "Users" })).ToBeVisibleAsync();
    }

    [Theory]
    [InlineData("https://example.com/")]
    [InlineData("//example.com/")]
    [InlineData("/\\example.com/")]
    public async Task Signing_in_leads_to_no_other_host(string returnUrl)
    {
        await using var dashboard = await OpenDashboard.ZivoHealthAsync(chromium);
        await dashboard.Page.GotoAsync($"{dashboard.Server.Url}/sign-in?ReturnUrl={Uri.EscapeDataString(returnUrl)}");
        await dashboard.SignInAsync();
        await Expect(dashboard.Page).ToHaveURLAsync(dashboard.Server.Url + "/");
    }

    [Fact]
    public async Task A_sign_in_that_another_site_sends_is_refused_and_the_circuit_is_for_those_signed_in()
    {
        await using var server = await RunningServer.ZivoHealthAsync();
        using var client = new HttpClient(new HttpClientHandler { AllowAutoRedirect = false }) { BaseAddress = server.Client.BaseAddress };
        using var form = new FormUrlEncodedContent([new("name", "root"), new("password", RunningServer.Password)]);
        var forged = await client.PostAsync("/session", form);
        Assert.Equal("/sign-in?reason=stale&ReturnUrl=%2F", forged.Headers.Location?.ToString());
        Assert.DoesNotContain(forged.Headers, h => h.Key == "Set-Cookie");

        var circuit = await client.PostAsync("/_blazor/negotiate?negotiateVersion=1", null);
        Assert.Equal(HttpStatusCode.Unauthorized, circuit.StatusCode);
    }

    private static async Task<long> AnnaAsync(OpenDashboard dashboard) =>
        (await dashboard.Server.Client.GetFromJsonAsync<JsonElement>("/api/v1/admin/admins")).EnumerateArray().Single(a => a.GetProperty("username").GetString() == "anna").GetProperty("id").GetInt64();

    [GeneratedRegex("/sign-in")]
    private static partial Regex SignInPage();
}
