namespace Expunge.Outbox;

/// <summary>How many events are where.</summary>
/// <param name="Pending">To be delivered, at once or after a pause.</param>
/// <param name="Delivered">Delivered; their values are erased.</param>
/// <param name="Dead">Failed too often; tried again only when somebody says so.</param>
/// <param name="Discarded">Given up by somebody; their values are erased.</param>
/// <param name="NextAttemptAt">When the next one is due; null where none is pending.</param>
public sealed record OutboxCounts(long Pending, long Delivered, long Dead, long Discarded, DateTimeOffset? NextAttemptAt);
