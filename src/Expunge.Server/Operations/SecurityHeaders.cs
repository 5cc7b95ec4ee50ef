using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Scalar.AspNetCore;

namespace Expunge.Server.Operations;

/// <summary>What browsers are told on every answer: to run what comes from here alone, and to show it in no other site's frame.</summary>
internal static class SecurityHeaders
{
    // The components draw with style attributes and style sheets in the page, and with icons as data: addresses. 'self' includes the web socket.
    private const string Pages = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self'; connect-src 'self'; base-uri 'self'; form-action 'self'; frame-ancestors 'none'";
    private const string Data = "default-src 'none'; frame-ancestors 'none'";

    private static readonly string[] DataPaths = ["/api", "/openapi", "/health", "/metrics"];

    public static void Use(IApplicationBuilder app) => app.Use((context, next) =>
    {
        // At the very end: a problem clears what was set before.
        context.Response.OnStarting(() =>
        {
            var headers = context.Response.Headers;
            headers.ContentSecurityPolicy = Policy(context);
            headers.XContentTypeOptions = "nosniff";
            headers["Referrer-Policy"] = "same-origin";
            headers["Permissions-Policy"] = "camera=(), geolocation=(), microphone=(), payment=(), usb=()";
            headers["Cross-Origin-Opener-Policy"] = "same-origin";
            if (context.Request.IsHttps) headers.StrictTransportSecurity = "max-age=31536000";
            return Task.CompletedTask;
        });
        return next(context);
    });

    private static string Policy(HttpContext context) =>
        DataPaths.Any(p => context.Request.Path.StartsWithSegments(p, StringComparison.OrdinalIgnoreCase)) ? Data
        // The reference page has a script of its own in the page, which brings this number.
        : context.Items[ScalarOptions.NonceHttpContextItemKey] is string nonce ? Pages.Replace("script-src 'self'", $"script-src 'self' 'nonce-{nonce}'", StringComparison.Ordinal)
        : Pages;
}
