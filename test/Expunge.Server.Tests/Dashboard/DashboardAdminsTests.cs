using System.Text.RegularExpressions;
using Expunge.Testing;
using Microsoft.Playwright;
using Xunit;
using static Microsoft.Playwright.Assertions;

namespace Expunge.Server.Tests.Dashboard;

public sealed partial class DashboardAdminsTests(Chromium chromium)
{
    private const string Another = "another long password";

    [Fact]
    public async Task The_super_admin_makes_and_deletes_accounts_and_changes_passwords_which_ends_sign_ins_until_it_is_none_any_more()
    {
        await using var dashboard = await (await OpenDashboard.ZivoHealthAsync(chromium)).SignInAsync();
        await using var annas = await OpenDashboard.OnAsync(chromium, dashboard.Server, "/admins", name: "anna");
        await Expect(annas.Button("Change my password")).ToBeVisibleAsync();
        await GoAsync(dashboard);
        await Expect(Row(dashboard, "root")).ToContainTextAsync("super admin");
        await Expect(Row(dashboard, "anna")).Not.ToContainTextAsync("super admin");
        await Expect(dashboard.Button("Delete root")).ToHaveCountAsync(0);

        await dashboard.Button("New account").ClickAsync();
        await FillAsync(dashboard, ("Name", "not a name"), ("Password", "short"), ("The same again", "other"));
        await dashboard.InDialog("Create account").ClickAsync();
        await Expect(dashboard.Dialog).ToContainTextAsync("The name of an account has 1 to 64 letters");
        await Expect(dashboard.Dialog).ToContainTextAsync("A password has 12 to 256 characters.");
        await Expect(dashboard.Dialog).ToContainTextAsync("The two passwords differ.");
        await FillAsync(dashboard, ("Name", "ANNA"), ("Password", Another), ("The same again", Another));
        await dashboard.InDialog("Create account").ClickAsync();
        await Expect(dashboard.Dialog.GetByRole(AriaRole.Alert)).ToContainTextAsync(["There is an account 'ANNA' already."]);
        await FillAsync(dashboard, ("Name", "berta"));
        await dashboard.Page.Keyboard.PressAsync("Enter");
        await Expect(dashboard.Page.GetByText("The account is created.")).ToBeVisibleAsync();
        await Expect(Row(dashboard, "berta")).ToBeVisibleAsync();

        await dashboard.Button("Change password of anna").ClickAsync();
        await FillAsync(dashboard, ("New password", Another), ("The same again", Another));
        await dashboard.InDialog("Change password").ClickAsync();
        await Expect(dashboard.Page.GetByText("The password of anna is changed.")).ToBeVisibleAsync();
        await annas.Button("Change my password").ClickAsync();
        await FillAsync(annas, ("Current password", RunningServer.Password), ("New password", "a third long password"), ("The same again", "a third long password"));
        await annas.InDialog("Change password").ClickAsync();
        await Expect(annas.Alert("Your sign-in has ended. Sign in again.")).ToBeVisibleAsync();

        await dashboard.Button("Delete berta").ClickAsync();
        await dashboard.InDialog("Cancel").ClickAsync();
        await Expect(dashboard.Dialog).ToBeHiddenAsync();
        await dashboard.Button("Delete berta").ClickAsync();
        await dashboard.InDialog("Delete account").ClickAsync();
        await Expect(dashboard.Page.GetByText("The account berta is deleted.")).ToBeVisibleAsync();
        await Expect(Row(dashboard, "berta")).ToHaveCountAsync(0);
        Assert.Equal("account created, password changed, account deleted", await dashboard.ScalarAsync("SELECT string_agg(action, ', ' ORDER BY id) FROM expunge.audit WHERE action <> 'sign-in' AND actor = 'root' AND address IS NOT NULL"));

        // The page still shows its buttons; who may is told by the account.
        await TestServer.ExecuteAsync(dashboard.Server.ConnectionString, "UPDATE expunge.admin SET is_super = false");
        await dashboard.Button("Delete anna").ClickAsync();
        await dashboard.InDialog("Delete account").ClickAsync();
        await Expect(dashboard.Alert("Only the super admin may do that.").First).ToBeVisibleAsync();
        await Expect(dashboard.Button("New account")).ToHaveCountAsync(0);
        Assert.Equal("2", await dashboard.ScalarAsync("SELECT count(*) FROM expunge.admin"));
        Assert.Empty(dashboard.Troubles);
    }

    [Fact]
    public async Task An_ordinary_admin_sees_the_list_and_changes_only_its_own_password_with_the_current_one()
    {
        await using var dashboard = await (await OpenDashboard.ZivoHealthAsync(chromium)).SignInAsync("anna");
        await using var other = await OpenDashboard.OnAsync(chromium, dashboard.Server, name: "anna");
        await Expect(other.Page.GetByText("1–25 of 41")).ToBeVisibleAsync();
        await GoAsync(dashboard);
        await Expect(Row(dashboard, "root")).ToContainTextAsync("super admin");
        await Expect(dashboard.Page.GetByRole(AriaRole.Main).GetByRole(AriaRole.Button)).ToHaveTextAsync(["Change my password"]);

        await dashboard.Button("Change my password").ClickAsync();
        await FillAsync(dashboard, ("Current password", "not the password"), ("New password", Another), ("The same again", Another));
        await dashboard.InDialog("Change password").ClickAsync();
        await Expect(dashboard.Dialog.GetByRole(AriaRole.Alert)).ToContainTextAsync(["The current password is wrong."]);
        Assert.Equal("anna", await dashboard.ScalarAsync("SELECT actor FROM expunge.audit WHERE action = 'password changed' AND outcome = 'refused'"));
        await FillAsync(dashboard, ("Current password", RunningServer.Password));
        await dashboard.InDialog("Change password").ClickAsync();
        await Expect(dashboard.Alert("Your password is changed")).ToBeVisibleAsync();
        await dashboard.SignInAsync("anna", Another);
        await Expect(dashboard.Page.GetByRole(AriaRole.Heading, new() { Name = "Admins" })).ToBeVisibleAsync();

        await other.Button("Next page").ClickAsync();
        await Expect(other.Page).ToHaveURLAsync(SignInPage());
        Assert.Empty(dashboard.Troubles);
    }

    private static async Task GoAsync(OpenDashboard dashboard)
    {
        await dashboard.Page.GetByRole(AriaRole.Link, new() { Name = "Admins" }).ClickAsync();
        await Expect(dashboard.Button("Change my password")).ToBeVisibleAsync();
    }

    private static async Task FillAsync(OpenDashboard dashboard, params (string Label, string Text)[] fields)
    {
        // A dialog takes the focus a moment after it is drawn, and with it what is typed then; whoever types sees that.
        bool isAsTyped;
        do
        {
            isAsTyped = true;
            foreach (var (label, text) in fields) await Field(label).FillAsync(text);
            foreach (var (label, text) in fields) isAsTyped &= await Field(label).InputValueAsync() == text;
        }
        while (!isAsTyped);

        ILocator Field(string label) => dashboard.Dialog.GetByLabel(label, new() { Exact = true });
    }

    private static ILocator Row(OpenDashboard dashboard, string name) => dashboard.Page.GetByRole(AriaRole.Row).Filter(new() { Has = dashboard.Page.GetByText(name, new() { Exact = true }) });

    [GeneratedRegex("/sign-in")]
    private static partial Regex SignInPage();
}
