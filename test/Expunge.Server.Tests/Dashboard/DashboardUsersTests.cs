using System.Net;
using System.Net.Http.Json;
using Microsoft.Playwright;
using Xunit;
using static Microsoft.Playwright.Assertions;

namespace Expunge.Server.Tests.Dashboard;

public sealed class DashboardUsersTests(Chromium chromium)
{
    [Fact]
    public async Task A_selection_outlasts_paging_and_searching()
    {
        await using var dashboard = await (await OpenDashboard.ZivoHealthAsync(chromium)).SignInAsync();
        var users = await dashboard.UsersAsync();
        await dashboard.SelectAsync(users[5]);
        await dashboard.Button("Next page").ClickAsync();
        await dashboard.SelectAsync(users[^1]);
        await Expect(dashboard.Page.GetByText("2 selected")).ToBeVisibleAsync();

        var email = await dashboard.ScalarAsync($"SELECT email FROM users WHERE id = {users[5]}");
        await dashboard.Search.FillAsync(email.ToUpperInvariant());
        await Expect(dashboard.Page.GetByRole(AriaRole.Row)).ToHaveCountAsync(2);
        await Expect(dashboard.Row(users[5])).ToContainTextAsync(email);
        await Expect(dashboard.CheckBox(users[5])).ToBeCheckedAsync();
        await Expect(dashboard.Page.GetByText("2 selected")).ToBeVisibleAsync();

        await dashboard.Search.FillAsync("");
        await dashboard.Button("Next page").ClickAsync();
        await Expect(dashboard.CheckBox(users[^1])).ToBeCheckedAsync();
        await Expect(dashboard.CheckBox(users[^2])).Not.ToBeCheckedAsync();
    }

    [Fact]
    public async Task The_check_box_of_the_page_takes_all_of_it_and_no_more()
    {
        await using var dashboard = await (await OpenDashboard.ZivoHealthAsync(chromium)).SignInAsync();
        var page = dashboard.Page.GetByLabel("Select all on this page");
        await page.CheckAsync();
        await Expect(dashboard.Page.GetByText("25 selected")).ToBeVisibleAsync();
        await dashboard.Button("Next page").ClickAsync();
        await Expect(page).Not.ToBeCheckedAsync();
        await page.CheckAsync();
        await Expect(dashboard.Page.GetByText("41 selected")).ToBeVisibleAsync();
        await page.UncheckAsync();
        await Expect(dashboard.Page.GetByText("25 selected")).ToBeVisibleAsync();
        await dashboard.Button("Clear selection").ClickAsync();
        await Expect(dashboard.Page.GetByText("0 selected")).ToBeVisibleAsync();
        await Expect(dashboard.Button("Delete permanently")).ToBeDisabledAsync();
    }

    [Fact]
    public async Task Users_are_filtered_by_state_and_a_selection_outlasts_the_filter_and_can_take_all_that_match()
    {
        await using var dashboard = await OpenDashboard.OfAsync(
            chromium,
            """
            CREATE TABLE users (id bigint PRIMARY KEY, is_active boolean, is_tobe_deleted boolean, delete_date timestamptz);
            INSERT INTO users SELECT n, n > 40, n <= 40, CASE WHEN n <= 40 THEN now() - n * interval '1 day' END FROM generate_series(1, 70) n;
            """,
            "root: public.users\ngrace_period: 30d\ncolumns: { show: [], is_active: is_active, is_tobe_deleted: is_tobe_deleted, delete_date: delete_date }\n");
        await dashboard.SignInAsync();
        var show = dashboard.Page.GetByLabel("Show", new() { Exact = true });
        await Expect(show.Locator("option")).ToHaveTextAsync(["all", "active", "to be deleted", "grace period over"]);
        await dashboard.SelectAsync("3");

        await show.SelectOptionAsync("to be deleted");
        await Expect(dashboard.Page.GetByText("1–25 of 40")).ToBeVisibleAsync();
        await dashboard.Button("Next page").ClickAsync();
        await Expect(dashboard.Page.GetByText("26–40 of 40")).ToBeVisibleAsync();
        await show.SelectOptionAsync("grace period over");
        await Expect(dashboard.Page.GetByText("1–11 of 11")).ToBeVisibleAsync();
        await Expect(dashboard.CheckBox("29")).ToHaveCountAsync(0);
        await dashboard.SelectAsync("30");
        await show.SelectOptionAsync("active");
        await Expect(dashboard.Page.GetByText("1–25 of 30")).ToBeVisibleAsync();
        await Expect(dashboard.Page.GetByText("2 selected")).ToBeVisibleAsync();
        await dashboard.Button("Select all 30 that match").ClickAsync();
        await Expect(dashboard.Page.GetByText("32 selected")).ToBeVisibleAsync();

        // The same on the way back from one of them.
        await dashboard.Page.GetByRole(AriaRole.Link, new() { Name = "41", Exact = true }).ClickAsync();
        await dashboard.Page.GetByRole(AriaRole.Link, new() { Name = "← Users" }).ClickAsync();
        await Expect(dashboard.Page.GetByText("1–25 of 30")).ToBeVisibleAsync();
        await Expect(show).ToHaveValueAsync("Active");
        await Expect(dashboard.Page.GetByText("32 selected")).ToBeVisibleAsync();
        Assert.Empty(dashboard.Troubles);
    }

    [Fact]
    public async Task Marking_asks_once_and_unmarking_takes_it_back()
    {
        await using var dashboard = await (await OpenDashboard.ZivoHealthAsync(chromium)).SignInAsync();
        var users = await dashboard.UsersAsync();
        await dashboard.SelectAsync(users[5], users[6]);

        await dashboard.Button("Mark for deletion").ClickAsync();
        await Expect(dashboard.Dialog).ToContainTextAsync("2 users will be deactivated and marked for deletion. Their data stay.");
        await dashboard.InDialog("Cancel").ClickAsync();
        await Expect(dashboard.Dialog).ToBeHiddenAsync();
        Assert.Equal("", await MarkedAsync(dashboard));

        await dashboard.Button("Mark for deletion").ClickAsync();
        await dashboard.InDialog("Mark for deletion").ClickAsync();
        await Expect(dashboard.Page.GetByText("Marked 2 users for deletion.")).ToBeVisibleAsync();
        await Expect(dashboard.Row(users[5])).ToContainTextAsync($"to be deleted {DateTime.UtcNow:yyyy}");
        await Expect(dashboard.Row(users[5])).ToContainTextAsync("inactive");
        Assert.Equal($"{users[5]},{users[6]}", await MarkedAsync(dashboard));

        await dashboard.CheckBox(users[6]).UncheckAsync();
        await dashboard.Button("Unmark").ClickAsync();
        await Expect(dashboard.Page.GetByText("Unmarked 1 user.")).ToBeVisibleAsync();
        await Expect(dashboard.Row(users[5])).Not.ToContainTextAsync("to be deleted");
        Assert.Equal(users[6], await MarkedAsync(dashboard));
    }

    [Fact]
    public async Task Users_that_are_gone_are_named_and_leave_the_selection()
    {
        await using var dashboard = await (await OpenDashboard.ZivoHealthAsync(chromium)).SignInAsync();
        var users = await dashboard.UsersAsync();
        await dashboard.SelectAsync(users[5], users[6]);
        await dashboard.Server.SignInAsync();
        var deleted = await dashboard.Server.Client.PostAsJsonAsync("/api/v1/admin/users/delete-permanently", new { user_ids = new[] { int.Parse(users[5]) } });
        Assert.Equal(HttpStatusCode.OK, deleted.StatusCode);

        await dashboard.Button("Unmark").ClickAsync();
        await Expect(dashboard.Page.GetByText($"1 user not found: {users[5]}")).ToBeVisibleAsync();
        await Expect(dashboard.Page.GetByText("1 selected")).ToBeVisibleAsync();
        await Expect(dashboard.CheckBox(users[5])).ToBeHiddenAsync();
    }

    [Fact]
    public async Task What_users_wrote_is_text()
    {
        const string Script = "<script>document.title = 'taken'</script><img src=x onerror=\"document.title = 'taken'\">";
        await using var dashboard = await OpenDashboard.OfAsync(
            chromium, $"CREATE TABLE users (id bigint PRIMARY KEY, name text); INSERT INTO users VALUES (1, '{Script.Replace("'", "''", StringComparison.Ordinal)}'), (2, 'b')",
            "root: public.users\ncolumns:\n  show: [name]\n");
        await dashboard.SignInAsync();
        await Expect(dashboard.Row("1")).ToContainTextAsync(Script);
        await dashboard.Search.FillAsync(Script);
        await Expect(dashboard.CheckBox("2")).ToBeHiddenAsync();
        await Expect(dashboard.Row("1")).ToContainTextAsync(Script);
        await dashboard.Search.FillAsync(Script + "x");
        await Expect(dashboard.Page.GetByText("No user matches.")).ToBeVisibleAsync();
        Assert.Equal("Users · Expunge", await dashboard.Page.TitleAsync());
        Assert.Empty(dashboard.Troubles);
    }

    [Fact]
    public async Task A_database_that_is_gone_is_said_and_the_page_works_again_when_it_is_back()
    {
        await using var dashboard = await (await OpenDashboard.ZivoHealthAsync(chromium)).SignInAsync();
        var users = await dashboard.UsersAsync();
        await dashboard.SelectAsync(users[5]);
        await dashboard.LetDatabaseAnswerAsync(false);

        await dashboard.Button("Unmark").ClickAsync();
        await Expect(dashboard.Page.GetByRole(AriaRole.Alert).Filter(new() { HasText = "EXP1002" }).First).ToBeVisibleAsync();
        await Expect(dashboard.Button("Try again")).ToBeVisibleAsync();

        await dashboard.LetDatabaseAnswerAsync(true);
        await dashboard.Button("Try again").ClickAsync();
        await Expect(dashboard.CheckBox(users[5])).ToBeCheckedAsync();
        await dashboard.Button("Unmark").ClickAsync();
        await Expect(dashboard.Page.GetByText("Unmarked 1 user.")).ToBeVisibleAsync();
    }

    private static Task<string> MarkedAsync(OpenDashboard dashboard) =>
        dashboard.ScalarAsync("SELECT string_agg(id::text, ',' ORDER BY id) FROM users WHERE is_tobe_deleted AND NOT is_active AND delete_date IS NOT NULL");
}
