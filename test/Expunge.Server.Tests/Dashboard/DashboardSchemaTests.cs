using System.Text.Json;
using Microsoft.Playwright;
using Xunit;
using static Microsoft.Playwright.Assertions;

namespace Expunge.Server.Tests.Dashboard;

public sealed class DashboardSchemaTests(Chromium chromium, ServerBeforeUpgrade shared) : IClassFixture<ServerBeforeUpgrade>
{
    [Fact]
    public async Task The_graph_has_every_table_and_reference()
    {
        await using var dashboard = await OpenAsync();

        Assert.Equal("110 130", await dashboard.Page.EvaluateAsync<string>($"() => {Graph}.nodes('.table').length + ' ' + {Graph}.edges().length"));
        await Expect(dashboard.Page.GetByText("110 tables, 125 references, 5 soft references; 112 references block a deletion today.")).ToBeVisibleAsync();
        // No two tables are at the same place, and each is to the right of the root.
        Assert.True(await dashboard.Page.EvaluateAsync<bool>($"() => {{ const t = {Graph}.nodes('.table'), root = t.filter('.root').position().x; return new Set(t.map(n => n.position().x + ' ' + n.position().y)).size === t.length && t.not('.root').every(n => n.position().x > root); }}"));
        var legend = dashboard.Page.GetByRole(AriaRole.List, new() { Name = "Legend" });
        foreach (var words in (string[])["cascade: the row is deleted too", "blocks: rows that refer", "no index: ", "soft: ", "shared: ", "differs: "]) await Expect(legend).ToContainTextAsync(words);
        Assert.Empty(dashboard.Troubles);
    }

    [Fact]
    public async Task A_click_on_a_line_shows_both_definitions_and_the_finding_with_its_fix()
    {
        await using var dashboard = await OpenAsync();
        await dashboard.Search.FillAsync("attachment_scans");
        await Expect(dashboard.Page.GetByText("2 tables, 1 reference", new() { Exact = true })).ToBeVisibleAsync();
        await dashboard.Page.WaitForFunctionAsync($"() => {Graph}.edges().not('.faded').length === 1");

        await ClickAsync(dashboard, $"{Graph}.edges().not('.faded')[0].renderedMidpoint()");

        await Expect(Details(dashboard).GetByRole(AriaRole.Heading, new() { Level = 2 })).ToHaveTextAsync("attachment_scans.attachment_id → message_attachments");
        await Expect(Details(dashboard).Locator("pre")).ToHaveTextAsync(
        [
            "CONSTRAINT \"attachment_scans_attachment_id_fkey\" FOREIGN KEY (\"attachment_id\") REFERENCES \"public\".\"message_attachments\" (\"id\")",
            "CONSTRAINT \"attachment_scans_attachment_id_fkey\" FOREIGN KEY (\"attachment_id\") REFERENCES \"public\".\"message_attachments\" (\"id\") ON DELETE CASCADE",
        ]);
        await Expect(Details(dashboard)).ToContainTextAsync("EXP3013");
        await Expect(Details(dashboard)).ToContainTextAsync("expunge upgrade, or, where a lock is no matter,  ALTER TABLE \"public\".\"attachment_scans\" DROP CONSTRAINT");

        await dashboard.Button("Close the details").ClickAsync();
        await dashboard.Search.FillAsync("");
        await dashboard.Page.WaitForFunctionAsync($"() => {Graph}.elements('.faded').length === 0");
        await ClickAsync(dashboard, $"{Graph}.nodes('.root').renderedPosition()");
        await Expect(Details(dashboard)).ToContainTextAsync("The root.");
    }

    [Fact]
    public async Task One_path_can_be_looked_at_alone()
    {
        await using var dashboard = await OpenAsync();
        await dashboard.Search.FillAsync("attachment_scans");
        await dashboard.Search.PressAsync("Enter");
        await Details(dashboard).GetByRole(AriaRole.Button, new() { Name = "attachment_scans.attachment_id → message_attachments.message_id → chat_messages.session_id → chat_sessions.user_id → users" }).ClickAsync();
        await dashboard.Page.WaitForFunctionAsync($"() => {Graph}.elements(':visible').length === 9");
        Assert.Equal("users,chat_sessions,chat_messages,message_attachments,attachment_scans", await dashboard.Page.EvaluateAsync<string>($"() => {Graph}.nodes(':visible').sort((a, b) => a.position().x - b.position().x).map(n => n.data('label')).join()"));

        await dashboard.Search.FillAsync("");
        await dashboard.Button("Show all again").ClickAsync();
        await dashboard.Page.WaitForFunctionAsync($"() => {Graph}.nodes('.table:visible').length === 110");

        await dashboard.Page.GetByLabel("Show", new() { Exact = true }).SelectOptionAsync(new SelectOptionValue { Label = "Chat & Communication" });
        await Expect(dashboard.Page.GetByText("4 tables, 7 references", new() { Exact = true })).ToBeVisibleAsync();
    }

    [Fact]
    public async Task The_keyboard_is_enough()
    {
        await using var dashboard = await OpenAsync();
        var graph = dashboard.Page.GetByRole(AriaRole.Application);
        await graph.FocusAsync();
        await dashboard.Page.Keyboard.PressAsync("Home");
        await Expect(dashboard.Page.Locator(".schema-cursor")).ToHaveTextAsync("users");
        await dashboard.Page.Keyboard.PressAsync("ArrowRight");
        var cursor = await dashboard.Page.Locator(".schema-cursor").InnerTextAsync();
        Assert.NotEqual("users", cursor);

        await dashboard.Page.Keyboard.PressAsync("Enter");
        var heading = Details(dashboard).GetByRole(AriaRole.Heading, new() { Level = 2 });
        await Expect(heading).ToBeFocusedAsync();
        Assert.StartsWith(await heading.InnerTextAsync(), cursor, StringComparison.Ordinal);
        // Over the button that closes it to the first reference.
        await dashboard.Page.Keyboard.PressAsync("Tab");
        await dashboard.Page.Keyboard.PressAsync("Tab");
        await dashboard.Page.Keyboard.PressAsync("Enter");
        await Expect(Details(dashboard)).ToContainTextAsync("As the policy wants it");
        await Expect(heading).ToBeFocusedAsync();
        await dashboard.Page.Keyboard.PressAsync("Escape");
        await Expect(Details(dashboard)).ToHaveCountAsync(0);
        await Expect(graph).ToBeFocusedAsync();
    }

    [Fact]
    public async Task The_table_has_the_same_and_is_there_also_where_the_graph_can_not_be_drawn()
    {
        await using var dashboard = await OpenDashboard.OnAsync(chromium, shared.Server);
        await dashboard.Page.RouteAsync("**/cytoscape*", route => route.AbortAsync());
        await dashboard.Page.GetByRole(AriaRole.Link, new() { Name = "Schema" }).ClickAsync();
        await Expect(dashboard.Page.GetByText("The graph could not be drawn")).ToBeVisibleAsync();
        await Expect(dashboard.Button("Graph")).ToBeDisabledAsync();
        var rows = dashboard.Page.GetByRole(AriaRole.Row);
        await Expect(rows).ToHaveCountAsync(131);

        await dashboard.Page.GetByLabel("Show", new() { Exact = true }).SelectOptionAsync("undecided");
        await Expect(rows).ToHaveCountAsync(1);
        await dashboard.Page.GetByLabel("Show", new() { Exact = true }).SelectOptionAsync("soft");
        await Expect(rows).ToHaveCountAsync(6);
        await dashboard.Search.FillAsync("actor");
        await Expect(rows).ToHaveCountAsync(2);
        var open = dashboard.Button("audit_events.actor_id");
        await open.PressAsync("Enter");
        await Expect(Details(dashboard)).ToContainTextAsync("No foreign key: the column holds keys of users.");
        await Expect(Details(dashboard).GetByRole(AriaRole.Heading, new() { Level = 2 })).ToBeFocusedAsync();
        await dashboard.Page.Keyboard.PressAsync("Escape");
        await Expect(open).ToBeFocusedAsync();
    }

    private const string Graph = "document.querySelector('.schema-graph')._cyreg.cy";

    private async Task<OpenDashboard> OpenAsync()
    {
        Assert.SkipUnless(Axe.HasNpm, "Built without Cytoscape.js: there was no npm.");
        var dashboard = await OpenDashboard.OnAsync(chromium, shared.Server, "/schema");
        await dashboard.Page.WaitForFunctionAsync("() => performance.getEntriesByName('graph drawn').length > 0");
        return dashboard;
    }

    private static ILocator Details(OpenDashboard dashboard) => dashboard.Page.GetByRole(AriaRole.Complementary, new() { Name = "Details" });

    private static async Task ClickAsync(OpenDashboard dashboard, string where)
    {
        var place = await dashboard.Page.EvaluateAsync<JsonElement>($"() => {{ const box = document.querySelector('.schema-graph').getBoundingClientRect(), p = {where}; return {{ x: box.x + p.x, y: box.y + p.y }}; }}");
        await dashboard.Page.Mouse.ClickAsync((float)place.GetProperty("x").GetDouble(), (float)place.GetProperty("y").GetDouble());
    }
}
