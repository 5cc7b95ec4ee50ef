namespace Expunge.Revisions;

/// <summary>How patiently a step waits for its locks.</summary>
public sealed record LockOptions
{
    /// <summary>How long one try may stand in the queue with SHARE UPDATE EXCLUSIVE, for which no reader or writer waits. Default 3 s: an autovacuum yields only to a waiter that outlasts deadlock_timeout (1 s).</summary>
    public TimeSpan LockTimeout { get; init; } = TimeSpan.FromSeconds(3);

    /// <summary>How long a step tries in all before it is reported as not done. Default 60 s.</summary>
    public TimeSpan MaxWait { get; init; } = TimeSpan.FromSeconds(60);
}
