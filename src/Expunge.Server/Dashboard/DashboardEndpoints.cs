using Expunge.Postgres;
using Expunge.Receipts;
using Expunge.Server.Accounts;
using Expunge.Server.Api;
using Expunge.Server.Workers;
using Microsoft.AspNetCore.Antiforgery;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authentication.Cookies;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using MudBlazor.Services;

namespace Expunge.Server.Dashboard;

/// <summary>The pages, what they need, and the forms that begin and end a sign-in.</summary>
internal static class DashboardEndpoints
{
    // CookieAuthenticationDefaults.ReturnUrlParameter, which is no constant.
    public const string ReturnUrl = "ReturnUrl";

    public static void AddServices(IServiceCollection services)
    {
        services.AddRazorComponents().AddInteractiveServerComponents();
        services.AddCascadingAuthenticationState();
        services.AddMudServices();
        services.AddScoped<Work>();
        services.AddScoped<UserList>();
    }

    public static void Map(WebApplication app)
    {
        app.MapStaticAssets();
        app.MapRazorComponents<App>().AddInteractiveServerRenderMode(mode => mode.ContentSecurityFrameAncestorsPolicy = "'none'").RequireAuthorization();
        var session = app.MapGroup("/session").WithMetadata(new RequireAntiforgeryTokenAttribute()).ExcludeFromDescription();
        session.MapPost("/", SignInAsync);
        session.MapPost("/end", (Delegate)SignOutAsync);
        app.MapGet("/deletions/{id:long}/receipt.json", ReceiptAsync).RequireAuthorization().ExcludeFromDescription();
    }

    /// <summary>The address of the sign-in page.</summary>
    public static string SignInUrl(string reason, string? returnUrl) => "/sign-in" + QueryString.Create("reason", reason).Add(ReturnUrl, returnUrl ?? "/");

    private static async Task<RedirectHttpResult> SignInAsync(HttpContext context, AccountActions accounts, SignIns signIns, CancellationToken cancellation)
    {
        if (IsStale(context)) return Back(SignInReasons.Stale, null);
        var form = await context.Request.ReadFormAsync(cancellation);
        var returnUrl = form[ReturnUrl].ToString();
        if (!RedirectHttpResult.IsLocalUrl(returnUrl)) returnUrl = "/";
        try
        {
            if (await accounts.SignInAsync(context, form["name"].ToString(), form["password"].ToString(), cancellation) is not { } account) return Back(SignInReasons.Wrong, returnUrl);
            await context.SignInAsync(CookieAuthenticationDefaults.AuthenticationScheme, signIns.ForCookie(account, context.Address()));
            return TypedResults.LocalRedirect(returnUrl);
        }
        catch (TooManyAttemptsException)
        {
            return Back(SignInReasons.TooOften, returnUrl);
        }
        catch (Exception e) when (Problems.Of(e).Status == StatusCodes.Status503ServiceUnavailable)
        {
            return Back(SignInReasons.Unavailable, returnUrl);
        }
    }

    /// <summary>The name under which a browser keeps a receipt.</summary>
    public static string ReceiptFile(long deletion) => $"receipt-{deletion}.json";

    // As it was sealed, byte for byte: formatted anew it could not be verified.
    private static async Task<FileContentHttpResult> ReceiptAsync(long id, Database database, SigningKeys keys, HttpContext context)
    {
        var receipt = await ReceiptStore.GetAsync(database, id, keys.Current, context.RequestAborted);
        context.Response.Headers.CacheControl = "no-store";
        return TypedResults.Bytes(receipt.Bytes, "application/json", ReceiptFile(id));
    }

    private static async Task<RedirectHttpResult> SignOutAsync(HttpContext context)
    {
        // The form of a sign-in that has ended meanwhile: the page leads to a new one.
        if (IsStale(context)) return TypedResults.LocalRedirect("/");
        await context.SignOutAsync(CookieAuthenticationDefaults.AuthenticationScheme);
        return Back(SignInReasons.SignedOut, null);
    }

    private static bool IsStale(HttpContext context) => context.Features.Get<IAntiforgeryValidationFeature>() is not { IsValid: true };

    private static RedirectHttpResult Back(string reason, string? returnUrl) => TypedResults.LocalRedirect(SignInUrl(reason, returnUrl));
}
