using System.Globalization;
using System.Net;
using System.Text.RegularExpressions;
using Expunge.Auditing;
using Expunge.Postgres;
using Expunge.Receipts;
using Expunge.Server.Tests.Api;
using Expunge.Testing;
using Microsoft.Playwright;
using Npgsql;
using Xunit;
using static Microsoft.Playwright.Assertions;

namespace Expunge.Server.Tests.Dashboard;

/// <summary>The pages of the deletions and of the audit.</summary>
public sealed partial class DashboardJobsTests(Chromium chromium)
{
    private const string Policy = "root: public.users\n";

    private static readonly (string, string) Async = ("Prefer", "respond-async");

    [Fact]
    public async Task A_long_deletion_is_live_in_browsers_of_two_instances_is_paused_in_one_resumed_in_the_other_and_cancelled_after_asking()
    {
        await using var server = await StartAsync(users: 6000, slow: true);
        await using var another = await RunningServer.StartAsync(server.ConnectionString, Policy, RunningServer.Quick);
        await SubmitAsync(server, 1, 6000);
        await using var first = await OpenDashboard.OnAsync(chromium, server, "/deletions");
        await first.Page.GetByRole(AriaRole.Link, new() { Name = "Deletion 1", Exact = true }).ClickAsync();
        await using var second = await OpenDashboard.OnAsync(chromium, another, "/deletions/1");

        await Expect(first.Page.Locator("[data-part=rate]")).ToContainTextAsync("left, until");
        var (before, beforeInSecond) = (await DoneAsync(first), await DoneAsync(second));
        await Expect(first.Page.Locator("[data-part=done]")).Not.ToContainTextAsync($"{before:N0} of");
        await Expect(second.Page.Locator("[data-part=done]")).Not.ToContainTextAsync($"{beforeInSecond:N0} of");
        await first.Button("Pause").ClickAsync();
        await StateAsync(first, "paused");
        await StateAsync(second, "paused");
        await second.Button("Resume").ClickAsync();
        await Expect(first.Button("Pause")).ToBeVisibleAsync();

        await first.Button("Cancel …").ClickAsync();
        await Expect(first.Dialog).ToContainTextAsync("What is deleted stays deleted");
        await Expect(first.Dialog).ToContainTextAsync("at most stay with all their data");
        await first.InDialog("Don't cancel").ClickAsync();
        await Expect(first.Dialog).ToBeHiddenAsync();
        Assert.Equal(1, await server.CountAsync("expunge.deletion WHERE state IN ('pending', 'running')"));
        await first.Button("Cancel …").ClickAsync();
        await first.InDialog("Cancel the deletion").ClickAsync();
        await StateAsync(first, "cancelled");
        await StateAsync(second, "cancelled");
        await Expect(second.Button("Pause")).ToHaveCountAsync(0);
        await Expect(second.Button("Cancel …")).ToHaveCountAsync(0);
        await Expect(Fact(second, "given up")).ToHaveTextAsync($"{await server.CountAsync("users"):N0}");
        Assert.Equal(4, await server.CountAsync("expunge.audit WHERE actor = 'root' AND address LIKE '%127.0.0.1' AND action IN ('deletion requested', 'deletion paused', 'deletion resumed', 'deletion cancelled')"));
        Assert.Empty(first.Troubles.Concat(second.Troubles));
    }

    [Fact]
    public async Task The_rows_of_a_whale_are_seen_to_go_while_no_user_is_done_and_stay_while_it_is_paused()
    {
        await using var server = await StartAsync();
        await TestServer.ExecuteAsync(server.ConnectionString, """
            CREATE TABLE readings (id int PRIMARY KEY, user_id int NOT NULL REFERENCES users ON DELETE CASCADE);
            CREATE INDEX ON readings (user_id);
            INSERT INTO readings SELECT i, 1 FROM generate_series(1, 20000) i;
            ANALYZE readings;
            CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(0.1); RETURN NULL; END $$;
            CREATE TRIGGER slow AFTER DELETE ON readings FOR EACH STATEMENT EXECUTE FUNCTION slow();
            """);
        await SubmitAsync(server, 1, 1);
        await using var dashboard = await OpenDashboard.OnAsync(chromium, server, "/deletions/1");
        var done = dashboard.Page.Locator("[data-part=done]");

        var seen = new SortedSet<long>();
        await Expect(done).ToHaveTextAsync(Rows());
        while (seen.Count < 3) seen.Add(await RowsAsync());
        await Expect(dashboard.Page.Locator("[data-part=rate]")).ToContainTextAsync("rows/s. When it ends can be told when a user is done.");
        await dashboard.Button("Pause").ClickAsync();
        await StateAsync(dashboard, "paused");
        await Expect(done).ToHaveTextAsync(Rows());
        Assert.Equal(await RowsAsync(), 20_000 - await server.CountAsync("readings"));
        Assert.InRange(await RowsAsync(), seen.Max, 19_999);

        await dashboard.Button("Resume").ClickAsync();
        await StateAsync(dashboard, "completed");
        await Expect(done).ToHaveTextAsync("1 of 1 user (100 %), 20,001 rows deleted");
        Assert.Empty(dashboard.Troubles);

        async Task<long> RowsAsync() => long.Parse(Rows().Match(await done.InnerTextAsync()).Groups[1].Value, NumberStyles.AllowThousands, CultureInfo.InvariantCulture);
    }

    [Fact]
    public async Task The_result_leads_to_a_deletion_that_goes_on_and_then_to_its_receipt_which_is_viewed_verified_and_downloaded()
    {
        var key = SigningKey.Generate();
        await using var server = await StartAsync(RunningServer.Quick with { Wait = TimeSpan.FromMilliseconds(500) }, key: key);
        await using var hold = await HeldAsync(server, user: 1);
        await using var dashboard = await OpenDashboard.OnAsync(chromium, server);
        await dashboard.SelectAsync("1", "2");
        await dashboard.BeginDeletionAsync();
        await dashboard.TypeNumberAsync("2");
        await dashboard.InDialog("Delete permanently").ClickAsync();
        await dashboard.Dialog.GetByRole(AriaRole.Link, new() { Name = "Deletion 1: see how far it is" }).ClickAsync();
        await Expect(dashboard.Dialog).ToBeHiddenAsync();
        await StateAsync(dashboard, "running");

        await hold.DisposeAsync();
        await StateAsync(dashboard, "completed");
        await Expect(dashboard.Page.Locator("[data-part=done]")).ToHaveTextAsync("2 of 2 users (100 %), 2 rows deleted");
        await dashboard.Button("View receipt").ClickAsync();
        var shown = dashboard.Page.GetByRole(AriaRole.Region, new() { Name = "Receipt" });
        await Expect(shown).ToContainTextAsync("\"list\": \"(2, in the file)\"");
        await dashboard.Button("Verify receipt").ClickAsync();
        await Expect(dashboard.Page.GetByText($"Unchanged since it was signed by key {key.PublicKey.Id}, this server's own.")).ToBeVisibleAsync();
        var download = await dashboard.Page.RunAndWaitForDownloadAsync(() => dashboard.Page.GetByRole(AriaRole.Link, new() { Name = "Download receipt" }).ClickAsync());
        var receipt = Receipt.Read(await File.ReadAllBytesAsync(await download.PathAsync(), TestContext.Current.CancellationToken));
        Assert.Equal(("receipt-1.json", ReceiptVerdict.Valid), (download.SuggestedFilename, ReceiptVerifier.Verify(receipt, key.PublicKey).Verdict));
        Assert.Empty(dashboard.Troubles);

        using var anybody = new HttpClient(new HttpClientHandler { AllowAutoRedirect = false });
        using var refused = await anybody.GetAsync(new Uri($"{server.Url}/deletions/1/receipt.json"), TestContext.Current.CancellationToken);
        Assert.Equal((HttpStatusCode.Redirect, "/sign-in"), (refused.StatusCode, refused.Headers.Location!.AbsolutePath));
    }

    [Fact]
    public async Task A_deletion_that_failed_says_why_and_not_who_is_retried_and_the_pages_fit_a_phone_and_axe_finds_nothing_serious()
    {
        await using var server = await StartAsync();
        await TestServer.ExecuteAsync(server.ConnectionString, "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF OLD.id IN (7, 8) THEN RAISE 'not this one'; END IF; RETURN OLD; END $$; CREATE TRIGGER refuse AFTER DELETE ON users FOR EACH ROW EXECUTE FUNCTION refuse()");
        await SubmitAsync(server, 1, 9);
        await using var dashboard = await OpenDashboard.OnAsync(chromium, server, "/deletions/1", new() { ViewportSize = new() { Width = 390, Height = 844 }, ColorScheme = ColorScheme.Dark });
        var page = dashboard.Page;
        await StateAsync(dashboard, "failed");
        await Expect(dashboard.Button("Light colours")).ToBeVisibleAsync();
        await Expect(page.GetByRole(AriaRole.List, new() { Name = "Failures" }).GetByRole(AriaRole.Listitem)).ToHaveTextAsync([new Regex("^2 users: .*not this one.*EXP2105", RegexOptions.Singleline)]);
        await dashboard.Button("Verify receipt").ClickAsync();
        await Expect(page.GetByText("Unsigned: there was no signing key when it was sealed")).ToBeVisibleAsync();
        await dashboard.Button("View receipt").ClickAsync();
        await Expect(page.GetByRole(AriaRole.Region, new() { Name = "Receipt" })).ToBeVisibleAsync();
        await CheckAsync();
        await dashboard.Button("Cancel …").PressAsync("Enter");
        await Expect(dashboard.Dialog).ToContainTextAsync("2 users that could not be deleted are given up");
        await CheckAsync();
        await page.Keyboard.PressAsync("Escape");
        await Expect(dashboard.Dialog).ToBeHiddenAsync();

        await GoAsync("Deletions");
        await Expect(page.GetByRole(AriaRole.Row).Nth(1)).ToContainTextAsync("failed");
        await CheckAsync();
        await GoAsync("Audit");
        await Expect(page.GetByRole(AriaRole.Link, new() { Name = "deletion 1" }).First).ToBeVisibleAsync();
        await CheckAsync();
        await page.SetViewportSizeAsync(1280, 800);
        await dashboard.Button("Light colours").ClickAsync();
        await Expect(dashboard.Button("Dark colours")).ToBeVisibleAsync();
        await page.WaitForFunctionAsync("() => document.getAnimations().length === 0");
        await CheckAsync();
        await page.GetByRole(AriaRole.Link, new() { Name = "deletion 1" }).First.ClickAsync();
        await StateAsync(dashboard, "failed");
        await CheckAsync();

        await TestServer.ExecuteAsync(server.ConnectionString, "DROP TRIGGER refuse ON users");
        await dashboard.Button("Retry").PressAsync("Enter");
        await StateAsync(dashboard, "completed");
        await Expect(page.GetByRole(AriaRole.Heading, new() { Name = "Failures" })).ToHaveCountAsync(0);
        await Expect(Fact(dashboard, "deleted")).ToHaveTextAsync("9");
        await GoAsync("Deletions");
        await Expect(page.GetByRole(AriaRole.Row).Nth(1)).ToContainTextAsync("completed");
        await CheckAsync();
        Assert.Empty(dashboard.Troubles);

        async Task GoAsync(string name)
        {
            if (page.ViewportSize!.Width < 960) await dashboard.Button("Pages").PressAsync("Enter");
            await page.GetByRole(AriaRole.Link, new() { Name = name, Exact = true }).PressAsync("Enter");
            await Expect(page.GetByRole(AriaRole.Heading, new() { Name = name, Exact = true, Level = 1 })).ToBeVisibleAsync();
        }

        async Task CheckAsync()
        {
            Assert.Equal(page.ViewportSize!.Width, await page.EvaluateAsync<int>("document.documentElement.scrollWidth"));
            await Axe.FindsNothingSeriousAsync(page);
        }
    }

    [Fact]
    public async Task The_audit_is_listed_in_pages_and_verified_and_an_entry_that_was_changed_is_named()
    {
        await using var server = await StartAsync();
        await using (var database = new Database(new NpgsqlConnectionStringBuilder(server.ConnectionString)))
        {
            for (var i = 0; i < 52; i++) await AuditLog.AppendAsync(database, new AuditEvent("anna", "unmarked") { Count = i }, TestContext.Current.CancellationToken);
        }

        await using var dashboard = await OpenDashboard.OnAsync(chromium, server, "/audit");
        var page = dashboard.Page;
        await Expect(page.Locator("tbody tr").First).ToHaveTextAsync(new Regex(@"root\s+sign-in\s+.*done\s+[0-9a-f]{12}"), new() { UseInnerText = true });
        var entries = await server.CountAsync("expunge.audit");
        await page.GetByRole(AriaRole.Link, new() { Name = "Older" }).ClickAsync();
        await Expect(page.Locator("tbody tr")).ToHaveCountAsync((int)entries - 50);
        await Expect(page.GetByRole(AriaRole.Link, new() { Name = "Older" })).ToHaveCountAsync(0);
        await page.GetByRole(AriaRole.Link, new() { Name = "Newest" }).ClickAsync();
        await Expect(page.Locator("tbody tr")).ToHaveCountAsync(50);

        await dashboard.Button("Verify the audit").ClickAsync();
        await Expect(page.GetByText($"All {entries} entries are as they were written.")).ToBeVisibleAsync();
        await Expect(page.Locator(".command .sql")).ToHaveTextAsync(await dashboard.ScalarAsync("SELECT hash FROM expunge.audit ORDER BY id DESC LIMIT 1"));
        await page.GetByLabel("Head that was kept earlier").FillAsync(new string('0', 64));
        await dashboard.Button("Verify the audit").ClickAsync();
        await Expect(page.GetByText("entries were cut off at the end, or the audit was made anew")).ToBeVisibleAsync();
        await TestServer.ExecuteAsync(server.ConnectionString, "ALTER TABLE expunge.audit DISABLE TRIGGER USER; UPDATE expunge.audit SET actor = 'carla' WHERE id = 3");
        await dashboard.Button("Verify the audit").ClickAsync();
        await Expect(page.GetByText("Entry 3 of ")).ToContainTextAsync("is not as it was written");
        await Expect(page.GetByText("2 entries are as they were written, from the first.")).ToBeVisibleAsync();
        Assert.Empty(dashboard.Troubles);
    }

    private static Task StateAsync(OpenDashboard dashboard, string state) => Expect(dashboard.Page.GetByRole(AriaRole.Status).Filter(new() { HasText = "State:" })).ToHaveTextAsync(new Regex($@"^State: {state}\s*$"));

    private static ILocator Fact(OpenDashboard dashboard, string name) => dashboard.Page.Locator(".facts > div").Filter(new() { Has = dashboard.Page.GetByText(name, new() { Exact = true }) }).Locator("dd");

    private static async Task<long> DoneAsync(OpenDashboard dashboard) => long.Parse((await dashboard.Page.Locator("[data-part=done]").InnerTextAsync()).Split(' ')[0], NumberStyles.AllowThousands);

    private static async Task SubmitAsync(RunningServer server, int first, int last) =>
        await (await server.Client.SendAsync(Json.DeletePermanently, $$"""{"user_ids":[{{string.Join(", ", Enumerable.Range(first, last - first + 1))}}]}""", Async)).BodyAsync(HttpStatusCode.Accepted);

    [GeneratedRegex(@"^0 of 1 users? \(0 %\), ([\d,]+) rows deleted$")]
    private static partial Regex Rows();

    /// <param name="options">How to serve; null for what a test needs.</param>
    /// <param name="users">How many.</param>
    /// <param name="slow">Whether each deletion of one takes 5 ms.</param>
    /// <param name="key">Signs the receipts.</param>
    private static async Task<RunningServer> StartAsync(ServerOptions? options = null, int users = 10, bool slow = false, SigningKey? key = null)
    {
        var connectionString = await TestServer.EmptyAsync();
        await TestServer.ExecuteAsync(connectionString, $"""
            CREATE TABLE users (id int PRIMARY KEY);
            INSERT INTO users SELECT generate_series(1, {users});
            {(slow ? "CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(0.005); RETURN NULL; END $$; CREATE TRIGGER slow AFTER DELETE ON users FOR EACH ROW EXECUTE FUNCTION slow();" : "")}
            """);
        return await (await RunningServer.StartAsync(connectionString, Policy, options ?? RunningServer.Quick, key)).SignInAsync();
    }

    /// <summary>Holds a user's row until it is disposed of.</summary>
    private static async Task<NpgsqlConnection> HeldAsync(RunningServer server, int user)
    {
        var connection = await TestServer.OpenAsync(server.ConnectionString);
        await connection.ExecuteAsync($"BEGIN; SELECT FROM users WHERE id = {user} FOR UPDATE", TestContext.Current.CancellationToken);
        return connection;
    }
}
