using System.Net;
using Expunge.Server.Tests.Api;
using Expunge.Server.Tests.Dashboard;
using Xunit;

namespace Expunge.Server.Tests.Operations;

public sealed class SecurityHeaderTests(SharedServer shared, Chromium chromium) : IClassFixture<SharedServer>, IClassFixture<Chromium>
{
    [Theory]
    [InlineData("/sign-in", HttpStatusCode.OK)]
    [InlineData("/nothing-here", HttpStatusCode.NotFound)]
    [InlineData("/_content/MudBlazor/MudBlazor.min.css", HttpStatusCode.OK)]
    [InlineData("/docs/", HttpStatusCode.OK)]
    [InlineData("/api/v1/admin/users", HttpStatusCode.OK)]
    [InlineData("/api/v1/admin/users?skip=-1", HttpStatusCode.BadRequest)]
    [InlineData("/api/v1/nothing", HttpStatusCode.NotFound)]
    [InlineData("/openapi/v1.json", HttpStatusCode.OK)]
    [InlineData("/health/ready", HttpStatusCode.OK)]
    [InlineData("/metrics", HttpStatusCode.OK)]
    public async Task They_come_with_every_answer(string path, HttpStatusCode status)
    {
        using var response = await shared.Server.Client.GetAsync(new Uri(path, UriKind.Relative), TestContext.Current.CancellationToken);

        Assert.Equal(status, response.StatusCode);
        Assert.Equal("nosniff", Header(response, "X-Content-Type-Options"));
        Assert.Equal("same-origin", Header(response, "Referrer-Policy"));
        Assert.Equal("same-origin", Header(response, "Cross-Origin-Opener-Policy"));
        Assert.Contains("camera=()", Header(response, "Permissions-Policy"), StringComparison.Ordinal);
        var policy = Header(response, "Content-Security-Policy");
        Assert.Contains("default-src 'none'", policy, StringComparison.Ordinal);
        Assert.Contains("frame-ancestors 'none'", policy, StringComparison.Ordinal);
        Assert.DoesNotContain("unsafe-eval", policy, StringComparison.Ordinal);
        Assert.DoesNotContain("unsafe-inline", policy.Split(';').SingleOrDefault(d => d.Contains("script-src", StringComparison.Ordinal)) ?? "", StringComparison.Ordinal);
        Assert.False(response.Headers.Contains("Strict-Transport-Security"), "The request came by http.");
    }

    [Fact]
    public async Task A_browser_shows_the_reference_page_under_them_and_nothing_is_blocked()
    {
        await using var dashboard = await OpenDashboard.ZivoHealthAsync(chromium);

        await dashboard.Page.GotoAsync($"{dashboard.Server.Url}/docs/");
        await Microsoft.Playwright.Assertions.Expect(dashboard.Page.GetByText("Marks and permanently deletes rows of public.users").First).ToBeVisibleAsync();

        Assert.Empty(dashboard.Troubles);
    }

    [Fact]
    public async Task The_reference_page_has_another_nonce_each_time()
    {
        using var first = await shared.Server.Client.GetAsync(new Uri("/docs/", UriKind.Relative), TestContext.Current.CancellationToken);
        using var second = await shared.Server.Client.GetAsync(new Uri("/docs/", UriKind.Relative), TestContext.Current.CancellationToken);

        Assert.Contains("'nonce-", Header(first, "Content-Security-Policy"), StringComparison.Ordinal);
        Assert.NotEqual(Header(first, "Content-Security-Policy"), Header(second, "Content-Security-Policy"));
    }

    [Fact]
    public async Task A_problem_before_the_body_is_read_has_them_too()
    {
        using var response = await shared.Server.Client.SendAsync(Json.DeletePermanently, "not json");

        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        Assert.Equal("nosniff", Header(response, "X-Content-Type-Options"));
    }

    private static string Header(HttpResponseMessage response, string name) => response.Headers.TryGetValues(name, out var values) ? Assert.Single(values) : "";
}
