using Microsoft.Playwright;
using Xunit;
using static Microsoft.Playwright.Assertions;

namespace Expunge.Server.Tests.Dashboard;

public sealed class DashboardDeletionTests(Chromium chromium)
{
    [Fact]
    public async Task Two_confirmations_delete_the_selected_users_and_nobody_else_and_the_counts_are_those_of_the_database()
    {
        await using var dashboard = await (await OpenDashboard.ZivoHealthAsync(chromium)).SignInAsync();
        var (users, rows) = (await dashboard.UsersAsync(), await dashboard.RowsAsync());
        await dashboard.SelectAsync(users[5], users[8]);

        await dashboard.Button("Delete permanently").ClickAsync();
        await Expect(dashboard.Dialog).ToContainTextAsync($"2 users ({users[5]}, {users[8]})");
        await Expect(dashboard.Dialog.GetByRole(AriaRole.Row).Filter(new() { HasText = "audit_events (no foreign key)" })).ToBeVisibleAsync();
        await dashboard.InDialog("Continue").ClickAsync();
        var delete = dashboard.InDialog("Delete permanently");
        foreach (var wrong in new[] { "", "1", "22", " 2", "02", "two" })
        {
            await dashboard.TypeNumberAsync(wrong);
            await Expect(delete).ToBeDisabledAsync();
        }

        await dashboard.TypeNumberAsync("2");
        await delete.ClickAsync();
        await Expect(dashboard.Dialog).ToContainTextAsync("Permanently deleted 2 users");
        string[] left = [.. users.Except([users[5], users[8]])];
        Assert.Equal(left, await dashboard.UsersAsync());
        await Expect(dashboard.Dialog).ToContainTextAsync($"{rows - await dashboard.RowsAsync():N0} rows in all");
        await Expect(dashboard.Dialog).ToContainTextAsync("searched for rows that are left: none");
        // Behind the dialog, too.
        await Expect(dashboard.CheckBox(users[5])).ToHaveCountAsync(0);

        await dashboard.InDialog("Close").ClickAsync();
        await Expect(dashboard.Page.GetByText("0 selected")).ToBeVisibleAsync();
        await Expect(dashboard.Page.GetByText("1–25 of 39")).ToBeVisibleAsync();
        await Expect(dashboard.CheckBox(users[5])).ToBeHiddenAsync();
        Assert.Empty(dashboard.Troubles);
    }

    [Fact]
    public async Task Cancelling_either_confirmation_deletes_nobody_and_keeps_the_selection()
    {
        await using var dashboard = await (await OpenDashboard.ZivoHealthAsync(chromium)).SignInAsync();
        var (users, rows) = (await dashboard.UsersAsync(), await dashboard.RowsAsync());
        await dashboard.SelectAsync(users[5]);

        await dashboard.Button("Delete permanently").ClickAsync();
        await dashboard.InDialog("Cancel").ClickAsync();
        await Expect(dashboard.Dialog).ToBeHiddenAsync();

        await dashboard.BeginDeletionAsync();
        await dashboard.TypeNumberAsync("1");
        await dashboard.InDialog("Cancel").ClickAsync();
        await Expect(dashboard.Dialog).ToBeHiddenAsync();

        await dashboard.BeginDeletionAsync();
        await dashboard.TypeNumberAsync("1");
        await dashboard.Page.Keyboard.PressAsync("Escape");
        await Expect(dashboard.Dialog).ToBeHiddenAsync();
        await Expect(dashboard.CheckBox(users[5])).ToBeCheckedAsync();
        Assert.Equal(rows, await dashboard.RowsAsync());
    }

    [Fact]
    public async Task A_double_click_asks_once()
    {
        await using var dashboard = await (await OpenDashboard.ZivoHealthAsync(chromium)).SignInAsync();
        await dashboard.SelectAsync((await dashboard.UsersAsync())[0]);
        await dashboard.Button("Delete permanently").DblClickAsync(new() { Delay = 0 });
        await Expect(dashboard.Dialog).ToHaveCountAsync(1);
        await dashboard.InDialog("Cancel").ClickAsync();
        await Expect(dashboard.Dialog).ToHaveCountAsync(0);
    }

    [Fact]
    public async Task A_retained_row_stops_it_with_the_policys_reason_and_without_mark_columns_nobody_can_be_marked()
    {
        await using var dashboard = await OpenDashboard.OfAsync(
            chromium,
            """
            CREATE TABLE users (id bigint PRIMARY KEY, name text);
            CREATE TABLE invoices (id bigint PRIMARY KEY, user_id bigint REFERENCES users);
            CREATE INDEX ON invoices (user_id);
            INSERT INTO users VALUES (1, 'a'), (2, 'b');
            INSERT INTO invoices VALUES (1, 1), (2, 1);
            """,
            """
            root: public.users
            columns:
              show: [name]
            references:
              invoices.user_id: { action: retain, reason: "tax law, 10 years" }
            """);
        await dashboard.SignInAsync();
        await dashboard.SelectAsync("1", "2");
        await Expect(dashboard.Button("Mark for deletion")).ToBeHiddenAsync();
        await Expect(dashboard.Button("Unmark")).ToBeHiddenAsync();
        await Expect(dashboard.Page.GetByLabel("Show", new() { Exact = true })).ToBeHiddenAsync();

        await dashboard.Button("Delete permanently").ClickAsync();
        await Expect(dashboard.Dialog.GetByRole(AriaRole.Alert)).ToHaveTextAsync("invoices.user_id: 2 rows must stay and block the deletion. tax law, 10 years");
        await Expect(dashboard.InDialog("Continue")).ToBeDisabledAsync();
        await dashboard.InDialog("Cancel").ClickAsync();
        Assert.Equal(["1", "2"], await dashboard.UsersAsync());
    }

    [Fact]
    public async Task What_the_database_refuses_after_both_confirmations_is_no_success()
    {
        await using var dashboard = await (await OpenDashboard.ZivoHealthAsync(chromium)).SignInAsync();
        var users = await dashboard.UsersAsync();
        await dashboard.SelectAsync(users[5]);
        await dashboard.BeginDeletionAsync();
        await dashboard.TypeNumberAsync("1");
        await Expunge.Testing.TestServer.ExecuteAsync(
            dashboard.Server.ConnectionString,
            "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'the application says no'; END $$; CREATE TRIGGER refuse BEFORE DELETE ON users FOR EACH ROW EXECUTE FUNCTION refuse()");

        await dashboard.InDialog("Delete permanently").ClickAsync();
        await Expect(dashboard.Page.GetByRole(AriaRole.Alert).Filter(new() { HasText = "EXP2105" })).ToContainTextAsync("the application says no");
        await Expect(dashboard.Page.GetByText("Permanently deleted")).ToBeHiddenAsync();
        await dashboard.InDialog("Close").ClickAsync();
        await Expect(dashboard.CheckBox(users[5])).ToBeCheckedAsync();
        Assert.Equal(users, await dashboard.UsersAsync());
    }
}
