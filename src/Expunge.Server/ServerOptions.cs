namespace Expunge.Server;

/// <summary>How the server serves.</summary>
public sealed record ServerOptions
{
    /// <summary>Where it listens. Default <c>http://localhost:8000</c>; port 0 takes a free one.</summary>
    public string Url { get; init; } = "http://localhost:8000";

    /// <summary>How long a sign-in holds. Default 30 minutes.</summary>
    public TimeSpan SessionLifetime { get; init; } = TimeSpan.FromMinutes(30);

    /// <summary>How many sign-ins may be tried a minute from one address. Default 10.</summary>
    public int SignInsPerMinute { get; init; } = 10;

    /// <summary>How many permanent deletions one account may ask for a minute. Default 30.</summary>
    public int DeletionsPerMinute { get; init; } = 30;
}
