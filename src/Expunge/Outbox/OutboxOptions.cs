namespace Expunge.Outbox;

/// <summary>How events are delivered.</summary>
public sealed record OutboxOptions
{
    /// <summary>After how many failed attempts an event is dead: not tried again by itself. Default 10, which are about three hours.</summary>
    public int MaxAttempts { get; init; } = 10;

    /// <summary>How long one attempt may take. Default 20 s.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(20);
}
