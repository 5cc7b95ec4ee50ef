using Expunge.Policy;
using Expunge.Postgres;
using Expunge.Revisions;
using Expunge.Testing;
using Microsoft.Playwright;
using Npgsql;
using Xunit;
using static Microsoft.Playwright.Assertions;

namespace Expunge.Server.Tests.Dashboard;

public sealed class DashboardPagesTests(Chromium chromium, ServerBeforeUpgrade before, SharedServer upgraded) : IClassFixture<ServerBeforeUpgrade>, IClassFixture<SharedServer>
{
    private const string Tables =
        """
        CREATE TABLE users (id bigint PRIMARY KEY);
        CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint REFERENCES users);
        CREATE TABLE notes (id bigint PRIMARY KEY, user_id bigint REFERENCES users ON DELETE CASCADE);
        CREATE INDEX ON notes (user_id);
        """;

    private const string Policy = "root: public.users\nrevision: \"1\"\nname: cascade\n";

    [Theory]
    [InlineData(390, ColorScheme.Dark, false)]
    [InlineData(1280, ColorScheme.Light, true)]
    public async Task Every_page_is_reached_by_the_keyboard_fits_its_width_and_axe_finds_nothing_serious(int width, ColorScheme colors, bool isBefore)
    {
        await using var dashboard = await OpenDashboard.OnAsync(chromium, isBefore ? before.Server : upgraded.Server, browser: new() { ViewportSize = new() { Width = width, Height = 844 }, ColorScheme = colors });
        var page = dashboard.Page;
        await Expect(page.GetByText("1–25 of 41")).ToBeVisibleAsync();
        await CheckAsync();

        await GoAsync("Schema");
        if (Axe.HasNpm)
        {
            await page.WaitForFunctionAsync("() => performance.getEntriesByName('graph drawn').length > 0");
            await dashboard.Search.FillAsync("clinical_reports");
            await dashboard.Search.PressAsync("Enter");
            await CheckAsync();
        }

        await dashboard.Button("Table").ClickAsync();
        await dashboard.Button("clinical_reports.reviewed_by").ClickAsync();
        await Expect(page.GetByText("As the policy wants it")).ToBeVisibleAsync();
        await CheckAsync();

        await GoAsync("Revisions");
        await Expect(page.GetByRole(AriaRole.Heading, new() { Name = "History" })).ToBeVisibleAsync();
        await page.Locator("details").EvaluateAllAsync<int>("all => { all.forEach(d => d.open = true); return all.length; }");
        await CheckAsync();

        await GoAsync("Verify");
        await Expect(page.GetByRole(AriaRole.Heading, new() { Name = "References" })).ToBeVisibleAsync();
        await CheckAsync();

        await FollowAsync("Admins");
        await Expect(dashboard.Button("New account")).ToBeVisibleAsync();
        await CheckAsync();
        await dashboard.Button("Change my password").PressAsync("Enter");
        await Expect(dashboard.Dialog.GetByLabel("Current password")).ToBeFocusedAsync();
        await dashboard.InDialog("Change password").PressAsync("Enter");
        await Expect(dashboard.Dialog).ToContainTextAsync("The current password is needed.");
        await CheckAsync();
        await page.Keyboard.PressAsync("Escape");
        await Expect(dashboard.Dialog).ToBeHiddenAsync();

        await FollowAsync("Users");
        await page.GetByRole(AriaRole.Link, new() { Name = "3", Exact = true }).PressAsync("Enter");
        await Expect(page.GetByRole(AriaRole.Heading, new() { Name = "User 3", Level = 1 })).ToBeFocusedAsync();
        await Expect(isBefore ? dashboard.Alert("expunge upgrade head") : page.GetByRole(AriaRole.Heading, new() { Name = "Shared rows" })).ToBeVisibleAsync();
        await Expect(page.GetByText("…")).ToHaveCountAsync(0);
        await CheckAsync();
        Assert.Empty(dashboard.Troubles);

        async Task GoAsync(string name)
        {
            await FollowAsync(name);
            await Expect(page.GetByText("As of ")).ToBeVisibleAsync();
        }

        async Task FollowAsync(string name)
        {
            if (width < 960) await dashboard.Button("Pages").PressAsync("Enter");
            await page.GetByRole(AriaRole.Link, new() { Name = name, Exact = true }).PressAsync("Enter");
            await Expect(page.GetByRole(AriaRole.Heading, new() { Name = name, Exact = true, Level = 1 })).ToBeVisibleAsync();
        }

        async Task CheckAsync()
        {
            Assert.Equal(width, await page.EvaluateAsync<int>("document.documentElement.scrollWidth"));
            await Axe.FindsNothingSeriousAsync(page);
        }
    }

    [Fact]
    public async Task Verify_groups_the_findings_lists_the_references_and_looks_again_when_asked()
    {
        await using var dashboard = await OpenDashboard.OfAsync(chromium, Tables, Policy);
        await dashboard.SignInAsync();
        await dashboard.Page.GetByRole(AriaRole.Link, new() { Name = "Verify" }).ClickAsync();
        await Expect(dashboard.Page.GetByText("1 of 2 references to public.users are not as the policy says; 1 error.")).ToBeVisibleAsync();
        await Expect(dashboard.Page.GetByRole(AriaRole.Heading, new() { Level = 2 })).ToHaveTextAsync(["Errors (1)", "Warnings (1)", "References (2)"]);
        await Expect(dashboard.Page.Locator("details")).ToContainTextAsync(["EXP3001 · not as the policy says (1)", "EXP3006 · missing index (1)"]);
        await Expect(dashboard.Page.Locator("details").First).ToContainTextAsync("orders.user_id: orders_user_id_fkey is ON DELETE NO ACTION, wanted is CASCADE");
        var rows = dashboard.Page.Locator("tbody tr");
        await Expect(rows).ToHaveCountAsync(2);
        await dashboard.Page.GetByLabel("Show", new() { Exact = true }).SelectOptionAsync("wrong");
        await Expect(rows).ToHaveTextAsync(["✗ no orders user_id users NO ACTION CASCADE orders_user_id_fkey yes yes no"], new() { UseInnerText = true });
        await dashboard.Search.FillAsync("notes");
        await Expect(rows).ToHaveCountAsync(0);

        await TestServer.ExecuteAsync(dashboard.Server.ConnectionString, "ALTER TABLE orders DROP CONSTRAINT orders_user_id_fkey, ADD CONSTRAINT orders_user_id_fkey FOREIGN KEY (user_id) REFERENCES users ON DELETE CASCADE; CREATE INDEX ON orders (user_id)");
        await dashboard.Button("Verify again").ClickAsync();
        await Expect(dashboard.Page.GetByText("2 of 2 references to public.users are as the policy says.")).ToBeVisibleAsync();
        await Expect(dashboard.Page.Locator("details")).ToHaveCountAsync(0);

        await dashboard.LetDatabaseAnswerAsync(false);
        await dashboard.Button("Verify again").ClickAsync();
        await Expect(dashboard.Page.GetByRole(AriaRole.Alert).Filter(new() { HasText = "EXP1002" }).First).ToBeVisibleAsync();
        await dashboard.LetDatabaseAnswerAsync(true);
        await dashboard.Button("Verify again").ClickAsync();
        await Expect(dashboard.Page.GetByText("EXP1002")).ToHaveCountAsync(0);
    }

    [Fact]
    public async Task Revisions_shows_the_plan_with_its_statements_and_locks_gives_the_command_and_then_the_history()
    {
        await using var dashboard = await OpenDashboard.OfAsync(chromium, Tables, Policy);
        await dashboard.SignInAsync();
        await dashboard.Page.GetByRole(AriaRole.Link, new() { Name = "Revisions" }).ClickAsync();
        await Expect(dashboard.Page.GetByText("3 steps from what the database has to what revision 1 (cascade) says.")).ToBeVisibleAsync();
        await Expect(dashboard.Page.GetByText("No revision was ever applied.")).ToBeVisibleAsync();
        var swap = dashboard.Page.GetByRole(AriaRole.Region, new() { Name = "Steps: swap" });
        await Expect(swap).ToContainTextAsync("ACCESS EXCLUSIVE for ms");
        await swap.Locator("summary").ClickAsync();
        await Expect(swap.Locator("pre")).ToContainTextAsync("ADD CONSTRAINT \"orders_user_id_fkey\" FOREIGN KEY (\"user_id\") REFERENCES \"public\".\"users\" (\"id\") ON DELETE CASCADE NOT VALID;");

        await dashboard.Page.Context.GrantPermissionsAsync(["clipboard-read", "clipboard-write"]);
        await dashboard.Button("Copy expunge upgrade head").ClickAsync();
        await Expect(dashboard.Page.GetByText("Copied.")).ToBeAttachedAsync();
        Assert.Equal("expunge upgrade head", await dashboard.Page.EvaluateAsync<string>("navigator.clipboard.readText()"));

        await using (var database = new Database(new NpgsqlConnectionStringBuilder(dashboard.Server.ConnectionString)))
        {
            await Upgrade.ApplyAsync(database, PolicyReader.Read(Policy, null), new UpgradeOptions());
        }

        await dashboard.Button("Read again").ClickAsync();
        await Expect(dashboard.Page.GetByText("Revision 1 (cascade) is applied, and everything is as the policy says.")).ToBeVisibleAsync();
        await Expect(dashboard.Page.GetByRole(AriaRole.Region, new() { Name = "History" })).ToContainTextAsync("applied");
        await Expect(dashboard.Button("Copy expunge downgrade -1")).ToBeVisibleAsync();
        await Expect(dashboard.Button("Copy expunge upgrade head")).ToHaveCountAsync(0);
        Assert.Empty(dashboard.Troubles);
    }
}
