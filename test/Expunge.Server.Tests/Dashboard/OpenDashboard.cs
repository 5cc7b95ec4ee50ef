using System.Collections.Concurrent;
using System.Text.RegularExpressions;
using Expunge.Testing;
using Microsoft.Playwright;
using Npgsql;
using static Microsoft.Playwright.Assertions;

namespace Expunge.Server.Tests.Dashboard;

/// <summary>A server with a page of it in a browser, and what people do there.</summary>
internal sealed partial class OpenDashboard : IAsyncDisposable
{
    private readonly IBrowserContext _context;
    private readonly bool _isShared;

    private OpenDashboard(RunningServer server, bool isShared, IBrowserContext context, IPage page)
    {
        (Server, _isShared, _context, Page) = (server, isShared, context, page);
        page.Console += (_, message) => Note(message.Type is "error" or "warning", $"console: {message.Text}");
        page.PageError += (_, error) => Note(true, $"error: {error}");
        page.RequestFailed += (_, request) => Note(true, $"failed: {request.Url} {request.Failure}");
        page.Request += (_, request) => Note(!request.Url.StartsWith(server.Url, StringComparison.Ordinal) && !request.Url.StartsWith("data:", StringComparison.Ordinal), $"another host: {request.Url}");
        page.Response += (_, response) => Note(response.Status >= 400, $"{response.Status}: {response.Url}");
    }

    public RunningServer Server { get; }

    public IPage Page { get; }

    /// <summary>All that should not be: errors in the console, requests that fail or go elsewhere.</summary>
    public ConcurrentQueue<string> Troubles { get; } = [];

    public ILocator Dialog => Page.GetByRole(AriaRole.Dialog);

    public ILocator Search => Page.GetByLabel(SearchLabel());

    /// <summary>ZivoHealth with 40 users, at the address.</summary>
    public static async Task<OpenDashboard> ZivoHealthAsync(Chromium chromium, BrowserNewContextOptions? browser = null, ServerOptions? options = null)
    {
        var context = await chromium.ContextAsync(browser);
        return await OpenAsync(context, await RunningServer.ZivoHealthAsync(options));
    }

    /// <summary>A schema and a policy of the test's own.</summary>
    public static async Task<OpenDashboard> OfAsync(Chromium chromium, string sql, string policy)
    {
        var context = await chromium.ContextAsync();
        var connectionString = await TestServer.EmptyAsync();
        await TestServer.ExecuteAsync(connectionString, sql);
        return await OpenAsync(context, await RunningServer.StartAsync(connectionString, policy));
    }

    /// <summary>A page of a server that others use, too, signed in as the super admin or another. The server stays.</summary>
    public static async Task<OpenDashboard> OnAsync(Chromium chromium, RunningServer server, string path = "/", BrowserNewContextOptions? browser = null, string name = "root")
    {
        var dashboard = await OpenAsync(await chromium.ContextAsync(browser), server, isShared: true, path);
        return await dashboard.SignInAsync(name);
    }

    private static async Task<OpenDashboard> OpenAsync(IBrowserContext context, RunningServer server, bool isShared = false, string path = "/")
    {
        var dashboard = new OpenDashboard(server, isShared, context, await context.NewPageAsync());
        await dashboard.Page.GotoAsync(server.Url + path);
        return dashboard;
    }

    public async Task<OpenDashboard> SignInAsync(string name = "root", string password = RunningServer.Password)
    {
        await Page.GetByLabel("Name").FillAsync(name);
        await Page.GetByLabel("Password").FillAsync(password);
        await Button("Sign in").ClickAsync();
        return this;
    }

    public ILocator Button(string name) => Page.GetByRole(AriaRole.Button, new() { Name = name, Exact = true });

    public ILocator Alert(string text) => Page.GetByRole(AriaRole.Alert).Filter(new() { HasText = text });

    public ILocator InDialog(string button) => Dialog.GetByRole(AriaRole.Button, new() { Name = button, Exact = true });

    public ILocator CheckBox(string user) => Page.GetByLabel($"Select user {user}", new() { Exact = true });

    public ILocator Row(string user) => Page.GetByRole(AriaRole.Row).Filter(new() { Has = CheckBox(user) });

    public async Task SelectAsync(params string[] users)
    {
        foreach (var user in users) await CheckBox(user).CheckAsync();
    }

    /// <summary>By the keyboard. MudBlazor takes over a check box's keys a moment after it is drawn; one that comes before can count twice, and whoever pressed it sees that and presses again.</summary>
    public async Task PressUntilCheckedAsync(string user)
    {
        for (var tries = 1; ; tries++)
        {
            await CheckBox(user).PressAsync("Space");
            try
            {
                await Expect(CheckBox(user)).ToBeCheckedAsync(new() { Timeout = 3_000 });
                return;
            }
            catch (PlaywrightException) when (tries < 10)
            {
                // Again.
            }
        }
    }

    /// <summary>Through the first confirmation to the second.</summary>
    public async Task BeginDeletionAsync()
    {
        await Button("Delete permanently").ClickAsync();
        await Expect(Dialog).ToContainTextAsync("Nothing is deleted yet");
        await InDialog("Continue").ClickAsync();
        await Expect(Dialog).ToContainTextAsync("This can't be undone");
    }

    public Task TypeNumberAsync(string number) => Dialog.GetByRole(AriaRole.Textbox).FillAsync(number);

    public async Task<string> ScalarAsync(string sql)
    {
        await using var connection = await TestServer.OpenAsync(Server.ConnectionString);
        await using var command = new NpgsqlCommand($"SELECT ({sql})::text", connection);
        return await command.ExecuteScalarAsync() as string ?? "";
    }

    public async Task<string[]> UsersAsync() => (await ScalarAsync("SELECT string_agg(id::text, ',' ORDER BY id) FROM users")).Split(',');

    /// <summary>Takes the database away, and gives it back.</summary>
    public async Task LetDatabaseAnswerAsync(bool answer)
    {
        var name = new NpgsqlConnectionStringBuilder(Server.ConnectionString).Database;
        await TestServer.ExecuteAsync((await TestServer.Server).ConnectionString, $"ALTER DATABASE {name} ALLOW_CONNECTIONS {answer}; SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'");
    }

    /// <summary>The rows of all tables but the one to which a trigger adds some.</summary>
    public async Task<long> RowsAsync() => long.Parse(await ScalarAsync(
        "SELECT sum((xpath('/row/n/text()', query_to_xml(format('SELECT count(*) AS n FROM %s', oid::regclass), false, true, '')))[1]::text::bigint) FROM pg_class WHERE relkind = 'r' AND relname <> 'row_deletions' AND relnamespace = 'public'::regnamespace"));

    private void Note(bool isTrouble, string what)
    {
        if (isTrouble) Troubles.Enqueue(what);
    }

    [GeneratedRegex("^Search")]
    private static partial Regex SearchLabel();

    public async ValueTask DisposeAsync()
    {
        await _context.DisposeAsync();
        if (!_isShared) await Server.DisposeAsync();
    }
}
