using System.Collections.Immutable;
using System.ComponentModel.DataAnnotations;
using System.Net;
using Expunge.Server.Operations;

namespace Expunge.Server;

/// <summary>
/// How the server serves: a property is a key of the section <c>Expunge</c> of the configuration, its summary and range are what docs/configuration.md says of it, and a test rewrites that table.
/// </summary>
public sealed record ServerOptions
{
    /// <summary>Where a server listens when nothing else is said.</summary>
    public const string StandardUrl = "http://localhost:8000";

    /// <summary>Where it listens, as <c>http://address:port</c>; port 0 takes a free one. <c>--listen</c> and <c>--port</c> win.</summary>
    [HttpAddress]
    public string Url { get; init; } = StandardUrl;

    /// <summary>How the log on standard error is written: <c>Text</c> or <c>Json</c>. <c>--log</c> wins.</summary>
    public LogFormat Log { get; init; } = LogFormat.Text;

    /// <summary>The addresses and networks of the proxies in front, with commas between them, such as <c>10.0.0.5, 10.1.0.0/16</c>: from these alone <c>X-Forwarded-For</c> and <c>X-Forwarded-Proto</c> are believed.</summary>
    public ImmutableArray<IPNetwork> TrustedProxies { get; init; } = [];

    /// <summary>How long a sign-in holds.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "1.00:00:00")]
    public TimeSpan SessionLifetime { get; init; } = TimeSpan.FromMinutes(30);

    /// <summary>How many sign-ins may be tried a minute from one address; more are answered with 429.</summary>
    [Range(1, 100_000)]
    public int SignInsPerMinute { get; init; } = 10;

    /// <summary>How many permanent deletions one account may ask for a minute; more are answered with 429.</summary>
    [Range(1, 100_000)]
    public int DeletionsPerMinute { get; init; } = 30;

    /// <summary>How many ids a request may name; more are answered with 400.</summary>
    [Range(1, 1_000_000)]
    public int MaxIdsPerRequest { get; init; } = 10_000;

    /// <summary>How many bytes the body of a request may have; more are answered with 413.</summary>
    [Range(1024, 104_857_600)]
    public int MaxBodyBytes { get; init; } = 1_048_576;

    /// <summary>How many requests to the API may be at work at once; more are answered with 503 and <c>Retry-After</c>.</summary>
    [Range(1, 100_000)]
    public int MaxConcurrentRequests { get; init; } = 200;

    /// <summary>How many connections may be open at once, those of open dashboard pages included; further ones are closed.</summary>
    [Range(10, 1_000_000)]
    public int MaxConnections { get; init; } = 2000;

    /// <summary>How long the headers of a request may take; then it is answered with 408.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "00:05:00")]
    public TimeSpan HeaderTimeout { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>How many bytes of a body must come in a second, on average, once <c>BodyGrace</c> is over; slower ones are answered with 408.</summary>
    [Range(1, 1_048_576)]
    public int MinBodyBytesPerSecond { get; init; } = 1024;

    /// <summary>How long a body may be slower than that.</summary>
    [Range(typeof(TimeSpan), "00:00:02", "00:05:00")]
    public TimeSpan BodyGrace { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Whether there is <c>/metrics</c>, for Prometheus.</summary>
    public bool Metrics { get; init; } = true;

    /// <summary>How long the answer to a permanent deletion waits for its end; after that it is a 202.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "00:10:00")]
    public TimeSpan Wait { get; init; } = TimeSpan.FromSeconds(25);

    /// <summary>Whether this instance carries deletions out and does what recurs; without a worker on any instance nothing is deleted. <c>--no-worker</c> wins.</summary>
    public bool Worker { get; init; } = true;

    /// <summary>How many deletions this instance carries out at once.</summary>
    [Range(1, 64)]
    public int ConcurrentDeletions { get; init; } = 2;

    /// <summary>How often one of the workers looks for deletions that nobody is at work on.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "01:00:00")]
    public TimeSpan QueueEvery { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>After how long without a sign of life a deletion is reported in the log.</summary>
    [Range(typeof(TimeSpan), "00:00:10", "1.00:00:00")]
    public TimeSpan StuckAfter { get; init; } = TimeSpan.FromMinutes(15);

    /// <summary>How often one of the workers deletes those whose grace period is over, where the policy names a <c>grace_period</c>.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "7.00:00:00")]
    public TimeSpan PurgeEvery { get; init; } = TimeSpan.FromHours(1);

    /// <summary>How often one of the workers delivers the outbox, where it has a receiver.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "1.00:00:00")]
    public TimeSpan OutboxEvery { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Where the workers POST outbox events, signed with <c>EXPUNGE_WEBHOOK_SECRET</c>; nowhere, and <c>expunge outbox run</c> delivers them.</summary>
    public string? OutboxWebhook { get; init; }

    /// <summary>How often one of the workers holds the constraints against the policy, and logs what is not so.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "7.00:00:00")]
    public TimeSpan VerifyEvery { get; init; } = TimeSpan.FromHours(1);
}
