using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Expunge.Outbox;
using Expunge.Policy;
using Expunge.Postgres;
using Expunge.Receipts;
using Expunge.Server.Accounts;
using Expunge.Server.Api;
using Expunge.Server.Dashboard;
using Expunge.Server.Operations;
using Expunge.Server.Workers;
using Expunge.Subjects;
using Microsoft.AspNetCore.Antiforgery;
using Microsoft.AspNetCore.Authentication.BearerToken;
using Microsoft.AspNetCore.Authentication.Cookies;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.AspNetCore.DataProtection.KeyManagement;
using Microsoft.AspNetCore.Diagnostics.HealthChecks;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Console;
using Microsoft.Extensions.Options;
using Scalar.AspNetCore;
using MediaTypeHeaderValue = Microsoft.Net.Http.Headers.MediaTypeHeaderValue;

namespace Expunge.Server;

/// <summary>The admin API and the dashboard.</summary>
public static class ExpungeServer
{
    /// <summary>The assembly whose static web assets are served: the program's, which brings those of all that it uses.</summary>
    public const string Program = "Expunge.Cli";

    internal const string SuperAdmin = "super admin";

    private const string ByPath = "by path";

    /// <summary>Puts a server together; nothing listens before it is started. The tables of <see cref="ExpungeSchema.EnsureServerAsync"/> must exist.</summary>
    /// <param name="database">The target database, with pooling; the caller disposes it after the server.</param>
    /// <param name="policy">The policy.</param>
    /// <param name="table">The root's columns, as the policy maps them.</param>
    /// <param name="options">How to serve.</param>
    /// <param name="key">Signs receipts; null, and they are unsigned.</param>
    /// <param name="outbox">Where the workers deliver outbox events; null for nowhere.</param>
    public static WebApplication Create(Database database, PolicyFile policy, SubjectTable table, ServerOptions options, SigningKey? key = null, IOutboxReceiver? outbox = null)
    {
        var builder = Builder(database, policy, table, options, key, outbox);
        // In a source checkout the assets lie where they were built from; in the packed tool there is no such list, and they lie in wwwroot.
        builder.WebHost.UseStaticWebAssets();
        Services(builder.Services, database, table, options);
        var app = builder.Build();
        Pipeline(app, options);
        CheckKeys(app);
        return app;
    }

    /// <summary>Puts a worker together, which carries deletions out and serves nothing but whether it is well, and its metrics.</summary>
    /// <param name="database">The target database, with pooling; the caller disposes it after the worker.</param>
    /// <param name="policy">The policy.</param>
    /// <param name="table">The root's columns, as the policy maps them.</param>
    /// <param name="options">How to work.</param>
    /// <param name="key">Signs receipts; null, and they are unsigned.</param>
    /// <param name="outbox">Where it delivers outbox events; null for nowhere.</param>
    public static WebApplication CreateWorker(Database database, PolicyFile policy, SubjectTable table, ServerOptions options, SigningKey? key = null, IOutboxReceiver? outbox = null)
    {
        var app = Builder(database, policy, table, options with { Worker = true }, key, outbox).Build();
        SecurityHeaders.Use(app);
        MapHealth(app, options);
        return app;
    }

    private static WebApplicationBuilder Builder(Database database, PolicyFile policy, SubjectTable table, ServerOptions options, SigningKey? key, IOutboxReceiver? outbox)
    {
        var builder = WebApplication.CreateBuilder(new WebApplicationOptions { ApplicationName = Program, ContentRootPath = AppContext.BaseDirectory });
        builder.WebHost.UseUrls(options.Url).ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            Limits.Apply(kestrel.Limits, options);
        });
        Logging(builder.Logging, options);
        builder.Services.AddSingleton(database).AddSingleton(policy).AddSingleton(table).AddSingleton(options).AddSingleton(TimeProvider.System);
        builder.Services.AddSingleton(new SigningKeys(key)).AddSingleton(new OutboxReceivers(outbox));
        builder.Services.AddSingleton<DatabaseCheck>().AddHealthChecks().AddCheck<DatabaseCheck>("database");
        Schedule.AddServices(builder.Services, database, options);
        Telemetry.AddServices(builder.Services, options);
        return builder;
    }

    private static void MapHealth(WebApplication app, ServerOptions options)
    {
        app.MapHealthChecks("/health/live", new HealthCheckOptions { Predicate = _ => false });
        app.MapHealthChecks("/health/ready");
        Telemetry.Map(app, options);
    }

    private static void Logging(ILoggingBuilder logging, ServerOptions options)
    {
        logging.ClearProviders().SetMinimumLevel(LogLevel.Information);
        if (options.Log == LogFormat.Json) logging.AddConsole(console => console.FormatterName = JsonLog.FormatterName).AddConsoleFormatter<JsonLog, ConsoleFormatterOptions>();
        else logging.AddSimpleConsole(console => console.SingleLine = true);
        logging.Services.Configure<ConsoleLoggerOptions>(console => console.LogToStandardErrorThreshold = LogLevel.Trace);
        // Requests are not logged: their addresses can hold what was searched for, and that is personal data.
        logging.AddFilter("Microsoft", LogLevel.Warning).AddFilter("Quartz", LogLevel.Warning).AddFilter("Microsoft.AspNetCore.DataProtection", LogLevel.Error);
        // Whoever starts the server is told by an exception, and Problems logs what it answers.
        logging.AddFilter("Microsoft.Extensions.Hosting", LogLevel.None).AddFilter("Microsoft.AspNetCore.Diagnostics.ExceptionHandlerMiddleware", LogLevel.None);
    }

    private static void Services(IServiceCollection services, Database database, SubjectTable table, ServerOptions options)
    {
        services.AddSingleton<AccountStore>().AddSingleton<SignIns>().AddSingleton<Attempts>().AddSingleton<AccountActions>().AddSingleton<UserActions>().AddSingleton<DeletionRequests>();
        services.AddScoped<CurrentAccount>();
        services.AddScoped(provider => provider.GetRequiredService<CurrentAccount>().Account ?? throw new InvalidOperationException("Nobody is signed in here."));

        services.AddDataProtection().SetApplicationName("expunge");
        services.AddSingleton<IConfigureOptions<KeyManagementOptions>>(new ConfigureOptions<KeyManagementOptions>(keys => keys.XmlRepository = new KeyRepository(database)));
        services.AddAuthentication(ByPath)
            .AddPolicyScheme(ByPath, null, scheme => scheme.ForwardDefaultSelector = context =>
                context.Request.Path.StartsWithSegments("/api", StringComparison.OrdinalIgnoreCase) ? BearerTokenDefaults.AuthenticationScheme : CookieAuthenticationDefaults.AuthenticationScheme)
            .AddBearerToken(bearer =>
            {
                bearer.BearerTokenExpiration = options.SessionLifetime;
                // The scheme's name is of any case (RFC 9110, 11.1); the handler knows one.
                bearer.Events.OnMessageReceived = context =>
                {
                    if (context.Request.Headers.Authorization.ToString() is var header && header.StartsWith("Bearer ", StringComparison.OrdinalIgnoreCase)) context.Token = header[7..].Trim();
                    return Task.CompletedTask;
                };
            })
            .AddCookie(cookie =>
            {
                cookie.Cookie.Name = "expunge";
                cookie.Cookie.SameSite = SameSiteMode.Strict;
                cookie.LoginPath = "/sign-in";
                cookie.ExpireTimeSpan = options.SessionLifetime;
                cookie.SlidingExpiration = false;
            });
        services.AddAuthorizationBuilder()
            .AddPolicy(SuperAdmin, policy => policy.RequireAuthenticatedUser().RequireAssertion(context => context.Resource is HttpContext http && http.RequestServices.GetRequiredService<CurrentAccount>().Account is { IsSuper: true }));

        // Before the framework's own, which would come first otherwise.
        services.AddSingleton<IProblemDetailsWriter, ProblemWriter>().AddProblemDetails().AddExceptionHandler<Problems>();
        services.Configure<RouteHandlerOptions>(route => route.ThrowOnBadRequest = true);
        services.ConfigureHttpJsonOptions(json =>
        {
            json.SerializerOptions.PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower;
            json.SerializerOptions.Converters.Add(new System.Text.Json.Serialization.JsonStringEnumConverter(JsonNamingPolicy.SnakeCaseLower));
            json.SerializerOptions.RespectNullableAnnotations = true;
            json.SerializerOptions.RespectRequiredConstructorParameters = true;
            json.SerializerOptions.AllowDuplicateProperties = false;
            json.SerializerOptions.MaxDepth = SubjectList.MostDepth;
            json.SerializerOptions.NumberHandling = System.Text.Json.Serialization.JsonNumberHandling.Strict;
        });
        services.AddOpenApi("v1", document => ApiDocument.Describe(document, table, options));
        Limits.AddServices(services, options);
        DashboardEndpoints.AddServices(services);
    }

    // Without its keys the server would answer, and nobody could sign in.
    private static void CheckKeys(WebApplication app)
    {
        try
        {
            app.Services.GetRequiredService<IDataProtectionProvider>().CreateProtector("start").Protect([0]);
        }
        catch (CryptographicException e) when (e.InnerException is not null)
        {
            throw e.InnerException;
        }
    }

    private static void Pipeline(WebApplication app, ServerOptions options)
    {
        Limits.UseProxies(app, options);
        SecurityHeaders.Use(app);
        app.UseExceptionHandler().UseStatusCodePages();
        Limits.UseHead(app);
        app.UseRouting();
        app.UseRateLimiter();
        app.Use(async (context, next) =>
        {
            if (context.Request.Path.StartsWithSegments("/api", StringComparison.OrdinalIgnoreCase))
            {
                context.Response.Headers.CacheControl = "no-store";
                // JSON is UTF-8 (RFC 8259, 8.1).
                if (MediaTypeHeaderValue.TryParse(context.Request.ContentType, out var type) && type.Charset.HasValue && type.Encoding is not UTF8Encoding) throw new BadHttpRequestException("", StatusCodes.Status415UnsupportedMediaType);
            }

            await next(context);
        });
        app.UseAuthentication();
        app.Use(async (context, next) =>
        {
            // What anybody may have, such as style sheets, needs no look at the database. The forms' tokens are for an account, too: that of a sign-in that has ended would let nobody sign in anew.
            if (context.User.Identity?.IsAuthenticated == true && context.GetEndpoint()?.Metadata is { } metadata && (metadata.GetMetadata<IAuthorizeData>() is not null || metadata.GetMetadata<IAntiforgeryMetadata>() is not null))
            {
                var account = await context.RequestServices.GetRequiredService<SignIns>().AccountAsync(context.User, context.RequestAborted);
                context.RequestServices.GetRequiredService<CurrentAccount>().Account = account;
                if (account is null) context.User = new();
            }

            await next(context);
        });
        app.UseAuthorization();
        app.UseAntiforgery();

        var api = app.MapGroup("/api/v1").RequireAuthorization();
        AccountEndpoints.Map(api);
        UserEndpoints.Map(api);
        DeletionEndpoints.Map(api);
        AuditEndpoints.Map(api);
        SchemaEndpoints.Map(api);
        app.MapOpenApi();
        app.MapScalarApiReference("/docs", reference => reference.WithTitle("Expunge admin API").DisableDefaultFonts().DisableTelemetry().WithNonce());
        MapHealth(app, options);
        DashboardEndpoints.Map(app);
    }
}
