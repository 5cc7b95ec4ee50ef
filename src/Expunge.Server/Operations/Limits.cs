using System.Globalization;
using System.Threading.RateLimiting;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.HttpOverrides;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;

namespace Expunge.Server.Operations;

/// <summary>How much callers may ask at once, how slowly, and whose word is taken for where they are.</summary>
internal static class Limits
{
    public static void Apply(KestrelServerLimits limits, ServerOptions options)
    {
        limits.MaxRequestBodySize = options.MaxBodyBytes;
        limits.RequestHeadersTimeout = options.HeaderTimeout;
        limits.MinRequestBodyDataRate = new MinDataRate(options.MinBodyBytesPerSecond, options.BodyGrace);
        limits.MaxConcurrentConnections = options.MaxConnections;
        limits.MaxConcurrentUpgradedConnections = options.MaxConnections;
    }

    /// <summary>Requests to the API at once. An endpoint that streams for hours takes no place with <c>DisableRateLimiting()</c>.</summary>
    public static void AddServices(IServiceCollection services, ServerOptions options) => services.AddRateLimiter(limiter =>
    {
        limiter.GlobalLimiter = PartitionedRateLimiter.Create<HttpContext, bool>(context => context.Request.Path.StartsWithSegments("/api", StringComparison.OrdinalIgnoreCase)
            ? RateLimitPartition.GetConcurrencyLimiter(true, _ => new ConcurrencyLimiterOptions { PermitLimit = options.MaxConcurrentRequests })
            : RateLimitPartition.GetNoLimiter(false));
        limiter.RejectionStatusCode = StatusCodes.Status503ServiceUnavailable;
        limiter.OnRejected = async (rejected, _) =>
        {
            var problem = new ProblemDetails { Status = limiter.RejectionStatusCode, Detail = $"{options.MaxConcurrentRequests} requests are at work, and more are not taken at once." };
            problem.Extensions["next_step"] = "Try again in a moment. Nothing was changed.";
            rejected.HttpContext.Response.Headers.RetryAfter = 1.ToString(CultureInfo.InvariantCulture);
            await rejected.HttpContext.RequestServices.GetRequiredService<IProblemDetailsService>().TryWriteAsync(new ProblemDetailsContext { HttpContext = rejected.HttpContext, ProblemDetails = problem });
        };
    });

    /// <summary>Takes the caller's address and scheme from the headers of the proxies that are named, through as many of them as there are, and from nobody else's.</summary>
    public static void UseProxies(IApplicationBuilder app, ServerOptions options)
    {
        if (options.TrustedProxies.IsEmpty) return;
        var forwarded = new ForwardedHeadersOptions { ForwardedHeaders = ForwardedHeaders.XForwardedFor | ForwardedHeaders.XForwardedProto, ForwardLimit = null };
        forwarded.KnownProxies.Clear();
        forwarded.KnownIPNetworks.Clear();
        foreach (var network in options.TrustedProxies) forwarded.KnownIPNetworks.Add(network);
        app.UseForwardedHeaders(forwarded);
    }

    /// <summary>HEAD is GET without the body, which the server leaves out by itself.</summary>
    public static void UseHead(IApplicationBuilder app) => app.Use((context, next) =>
    {
        if (HttpMethods.IsHead(context.Request.Method) && (context.Request.Path.StartsWithSegments("/api", StringComparison.OrdinalIgnoreCase) || context.Request.Path.StartsWithSegments("/openapi", StringComparison.OrdinalIgnoreCase)))
        {
            context.Request.Method = HttpMethods.Get;
        }

        return next(context);
    });
}
