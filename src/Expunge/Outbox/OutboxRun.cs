namespace Expunge.Outbox;

/// <summary>What a run of the outbox did.</summary>
/// <param name="Delivered">How many events it delivered.</param>
/// <param name="Failed">How many attempts failed and are repeated later.</param>
/// <param name="Dead">How many events failed for the last time.</param>
public sealed record OutboxRun(long Delivered, long Failed, long Dead)
{
    /// <summary>Both together.</summary>
    /// <param name="a">One.</param>
    /// <param name="b">The other.</param>
    public static OutboxRun operator +(OutboxRun a, OutboxRun b) => new(a.Delivered + b.Delivered, a.Failed + b.Failed, a.Dead + b.Dead);
}
