using Expunge.Deletion;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

namespace Expunge.Server.Operations;

/// <summary>Metrics and traces by OpenTelemetry: <c>/metrics</c> for Prometheus, and OTLP where OTEL_EXPORTER_OTLP_ENDPOINT says where to. Routes, tables and outcomes are labels; addresses with what was searched for, keys and people never are.</summary>
internal static class Telemetry
{
    private const string Path = "/metrics";

    public static void AddServices(IServiceCollection services, ServerOptions options)
    {
        var exports = !string.IsNullOrEmpty(Environment.GetEnvironmentVariable("OTEL_EXPORTER_OTLP_ENDPOINT"));
        if (!options.Metrics && !exports) return;
        services.AddSingleton<QueueMetrics>().AddHostedService(provider => provider.GetRequiredService<QueueMetrics>());
        var telemetry = services.AddOpenTelemetry().ConfigureResource(resource => resource.Clear()
            .AddService("expunge", serviceVersion: typeof(Telemetry).Assembly.GetName().Version?.ToString(3)).AddTelemetrySdk().AddEnvironmentVariableDetector());
        telemetry.WithMetrics(metrics =>
        {
            metrics.AddMeter(DeletionTelemetry.Name, QueueMetrics.MeterName).AddAspNetCoreInstrumentation().AddMeter("Npgsql", "System.Runtime");
            if (options.Metrics) metrics.AddPrometheusExporter();
            if (exports) metrics.AddOtlpExporter();
        });
        if (!exports) return;
        telemetry.WithTracing(traces => traces.AddSource(DeletionTelemetry.Name).AddNpgsql().AddOtlpExporter()
            .AddAspNetCoreInstrumentation(http =>
            {
                http.Filter = context => !IsProbe(context.Request.Path);
                // The address can hold a user's key; its route does not.
                http.EnrichWithHttpResponse = (activity, response) => activity.SetTag("url.path", (response.HttpContext.GetEndpoint() as RouteEndpoint)?.RoutePattern.RawText ?? "");
            }));
    }

    public static void Map(WebApplication app, ServerOptions options)
    {
        if (options.Metrics) app.MapPrometheusScrapingEndpoint(Path).AllowAnonymous();
    }

    private static bool IsProbe(PathString path) => path.StartsWithSegments("/health", StringComparison.Ordinal) || path.StartsWithSegments(Path, StringComparison.Ordinal);
}
