using Npgsql;

namespace Expunge.Postgres;

/// <summary>Runs a transaction again that only came at a bad moment: it waited too long for a lock, was chosen to end a deadlock, or somebody else wrote in between.</summary>
internal static class Retry
{
    private const int Tries = 5;

    /// <summary>Runs the work up to five times.</summary>
    /// <param name="work">A whole transaction: when it throws, nothing of it is left.</param>
    /// <param name="cancellation">Ends the pause between two tries.</param>
    /// <param name="retried">Told why, before each further try.</param>
    /// <exception cref="PostgresException">The last try's.</exception>
    /// <exception cref="ExpungeException">The last try's.</exception>
    public static async Task<T> RunAsync<T>(Func<Task<T>> work, CancellationToken cancellation, Action<Exception>? retried = null)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                return await work();
            }
            catch (Exception e) when (attempt < Tries && e is PostgresException { SqlState: SqlStates.DeadlockDetected or SqlStates.LockNotAvailable or SqlStates.SerializationFailure } or ExpungeException { Code: ErrorCodes.ExternalChanged })
            {
                retried?.Invoke(e);
                await Task.Delay(TimeSpan.FromMilliseconds(100 * attempt * (0.5 + Random.Shared.NextDouble())), cancellation);
            }
        }
    }
}
