using Expunge.Deletion;
using Expunge.Policy;
using Expunge.Postgres;
using Microsoft.Playwright;
using Npgsql;
using Xunit;
using static Microsoft.Playwright.Assertions;

namespace Expunge.Server.Tests.Dashboard;

public sealed class DashboardUserPageTests(Chromium chromium)
{
    [Fact]
    public async Task A_users_page_counts_as_the_estimator_does_and_marks_and_the_keyboard_deletes_after_both_confirmations()
    {
        await using var dashboard = await (await OpenDashboard.ZivoHealthAsync(chromium)).SignInAsync();
        var page = dashboard.Page;
        var doctor = await dashboard.ScalarAsync("SELECT min(doctor_id) FROM appointments WHERE doctor_id <> patient_id");
        await page.GetByRole(AriaRole.Link, new() { Name = doctor, Exact = true }).ClickAsync();
        await Expect(page.GetByRole(AriaRole.Heading, new() { Name = $"User {doctor}", Level = 1 })).ToBeFocusedAsync();
        await Expect(page.GetByRole(AriaRole.Main)).ToContainTextAsync(await dashboard.ScalarAsync($"SELECT email FROM users WHERE id = {doctor}"));

        var shared = await dashboard.ScalarAsync($"SELECT concat_ws(' ', count(*), 'set null appointments.patient_id', count(DISTINCT patient_id)) FROM appointments WHERE doctor_id = {doctor} AND patient_id <> {doctor}");
        await Expect(page.GetByRole(AriaRole.Region, new() { Name = "Shared rows" }).GetByRole(AriaRole.Row).Filter(new() { HasText = "appointments.doctor_id" }))
            .ToHaveTextAsync($"appointments appointments.doctor_id {shared}", new() { UseInnerText = true });
        await using (var database = new Database(new NpgsqlConnectionStringBuilder(dashboard.Server.ConnectionString)))
        {
            var policy = PolicyReader.Read(ZivoHealth.Deployment.Policy, null);
            var estimate = await Estimator.EstimateAsync(database, policy, [doctor], TestContext.Current.CancellationToken);
            await Expect(page.GetByText($"{estimate.TotalDeleted:N0} rows deleted, {estimate.TotalUpdated:N0} rows updated")).ToBeVisibleAsync();
            await Expect(Rows("What a deletion would do")).ToHaveTextAsync(estimate.Lines.Select(l => $"{l.Path} {l.Deleted:N0} {l.Updated:N0}"), new() { UseInnerText = true });
            var references = (await Estimator.ExplainAsync(database, policy, doctor, TestContext.Current.CancellationToken)).Where(r => r.Rows > 0);
            await Expect(Rows("Their data")).ToHaveTextAsync(references.Select(r => string.Join(' ', new[] { r.Table, r.Columns, $"{r.Rows:N0}", r.What, r.Path }.Where(t => t is not null))), new() { UseInnerText = true });
        }

        await dashboard.Button("Mark for deletion").ClickAsync();
        await dashboard.InDialog("Mark for deletion").ClickAsync();
        await Expect(page.GetByText("Marked 1 user for deletion.")).ToBeVisibleAsync();
        await Expect(page.GetByText("to be deleted 2")).ToBeVisibleAsync();
        await dashboard.Button("Unmark").ClickAsync();
        await Expect(page.GetByText("Unmarked 1 user.")).ToBeVisibleAsync();
        await Expect(dashboard.Button("Unmark")).ToBeDisabledAsync();

        var users = await dashboard.UsersAsync();
        // What an address says confirms nothing.
        await page.GotoAsync($"{dashboard.Server.Url}/users/{doctor}?confirmed=true&count=1#delete");
        await Expect(page.GetByRole(AriaRole.Heading, new() { Name = "Shared rows" })).ToBeVisibleAsync();
        await Expect(dashboard.Dialog).ToHaveCountAsync(0);
        await TabToAsync(dashboard.Button("Delete permanently"));
        await page.Keyboard.PressAsync("Enter");
        await TabToAsync(dashboard.InDialog("Continue"));
        Assert.Equal(users, await dashboard.UsersAsync());
        await page.Keyboard.PressAsync("Enter");
        await Expect(dashboard.Dialog.GetByLabel("Type 1 to confirm")).ToBeFocusedAsync();
        await page.Keyboard.TypeAsync("1");
        await Expect(dashboard.InDialog("Delete permanently")).ToBeEnabledAsync();
        await TabToAsync(dashboard.InDialog("Delete permanently"));
        Assert.Equal(users, await dashboard.UsersAsync());
        await page.Keyboard.PressAsync("Enter");
        await Expect(dashboard.Dialog).ToContainTextAsync("Permanently deleted 1 user");
        await Expect(page.GetByText($"There is no user {doctor}.")).ToBeVisibleAsync();
        Assert.Equal(users.Except([doctor]), await dashboard.UsersAsync());
        Assert.Empty(dashboard.Troubles);

        ILocator Rows(string region) => page.GetByRole(AriaRole.Region, new() { Name = region }).Locator("tbody tr");

        async Task TabToAsync(ILocator button)
        {
            await Expect(button).ToBeVisibleAsync();
            for (var presses = 0; presses < 60 && !await button.EvaluateAsync<bool>("b => b === document.activeElement"); presses++) await page.Keyboard.PressAsync("Tab");
            await Expect(button).ToBeFocusedAsync();
        }
    }

    [Fact]
    public async Task Any_key_has_a_page_retained_rows_are_shown_with_their_reason_and_who_is_nobody_is_said_to_be()
    {
        await using var dashboard = await OpenDashboard.OfAsync(
            chromium,
            """
            CREATE TABLE users (id text PRIMARY KEY, name text);
            CREATE TABLE invoices (id bigint PRIMARY KEY, user_id text REFERENCES users);
            CREATE INDEX ON invoices (user_id);
            INSERT INTO users VALUES ('a/b ?%2F#<b>ü', 'slash'), ('7', 'seven');
            INSERT INTO invoices VALUES (1, '7'), (2, '7');
            """,
            """
            root: public.users
            columns:
              show: [name]
            references:
              invoices.user_id: { action: retain, reason: "tax law, 10 years" }
            """);
        await dashboard.SignInAsync();
        await dashboard.Page.GetByRole(AriaRole.Link, new() { Name = "a/b ?%2F#<b>ü" }).ClickAsync();
        await Expect(dashboard.Page.GetByRole(AriaRole.Heading, new() { Level = 1 })).ToHaveTextAsync("User a/b ?%2F#<b>ü");
        await Expect(dashboard.Page.GetByText("None of their rows is another user's, too.")).ToBeVisibleAsync();
        await dashboard.Page.ReloadAsync();
        await Expect(dashboard.Page.GetByText("slash", new() { Exact = true })).ToBeVisibleAsync();
        await Expect(dashboard.Button("Mark for deletion")).ToBeHiddenAsync();

        await dashboard.Page.GotoAsync($"{dashboard.Server.Url}/users/7");
        await Expect(dashboard.Page.GetByText("invoices.user_id: 2 rows must stay and block the deletion. tax law, 10 years")).ToBeVisibleAsync();
        await dashboard.Button("Delete permanently").ClickAsync();
        await Expect(dashboard.InDialog("Continue")).ToBeDisabledAsync();

        await dashboard.Page.GotoAsync($"{dashboard.Server.Url}/users/nobody");
        await Expect(dashboard.Page.GetByText("There is no user nobody.")).ToBeVisibleAsync();
        await Expect(dashboard.Button("Delete permanently")).ToBeHiddenAsync();
        Assert.Empty(dashboard.Troubles);
    }
}
