namespace Expunge.Outbox;

/// <summary>Where events are delivered. Each may come more than once, with the same <see cref="OutboxEvent.EventId"/>.</summary>
public interface IOutboxReceiver
{
    /// <summary>How many events it takes at once, at the most.</summary>
    int BatchSize { get; }

    /// <summary>Delivers events: all of them, or it is tried again with all of them.</summary>
    /// <param name="events">At least one, at most <see cref="BatchSize"/>.</param>
    /// <param name="cancellation">Ends the attempt when its time is over.</param>
    /// <returns>Null when they are delivered; else why not, in a few words that hold no value of a row.</returns>
    /// <exception cref="ExpungeException"><see cref="ErrorCodes.ReceiverUnusable"/>: nothing can be delivered there; no attempt is counted.</exception>
    Task<string?> DeliverAsync(IReadOnlyList<OutboxEvent> events, CancellationToken cancellation);
}
