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

    /// <summary>How long the answer to a permanent deletion waits for its end. Default 25 seconds.</summary>
    public TimeSpan Wait { get; init; } = TimeSpan.FromSeconds(25);

    /// <summary>Whether this instance carries deletions out and does what recurs. Default true; without a worker on any instance nothing is deleted.</summary>
    public bool Worker { get; init; } = true;

    /// <summary>How many deletions this instance carries out at once. Default 2.</summary>
    public int ConcurrentDeletions { get; init; } = 2;

    /// <summary>How often one of the workers looks for deletions that nobody is at work on. Default 5 seconds.</summary>
    public TimeSpan QueueEvery { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>After how long without a sign of life a deletion is reported. Default 15 minutes.</summary>
    public TimeSpan StuckAfter { get; init; } = TimeSpan.FromMinutes(15);

    /// <summary>How often one of the workers deletes those whose grace period is over. Default 1 hour.</summary>
    public TimeSpan PurgeEvery { get; init; } = TimeSpan.FromHours(1);

    /// <summary>How often one of the workers delivers the outbox, where it has a receiver. Default 10 seconds.</summary>
    public TimeSpan OutboxEvery { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How often one of the workers holds the constraints against the policy. Default 1 hour.</summary>
    public TimeSpan VerifyEvery { get; init; } = TimeSpan.FromHours(1);
}
