using System.Threading.RateLimiting;

namespace Expunge.Server.Accounts;

/// <summary>How often somebody may try to sign in, by address, and delete permanently, by account. The API and the dashboard share the counts.</summary>
internal sealed class Attempts(ServerOptions options) : IDisposable
{
    private readonly PartitionedRateLimiter<string> _signIns = PerMinute(options.SignInsPerMinute);
    private readonly PartitionedRateLimiter<string> _deletions = PerMinute(options.DeletionsPerMinute);

    /// <exception cref="TooManyAttemptsException">Too many from this address.</exception>
    public void SignIn(System.Net.IPAddress? address) => Take(_signIns, $"{address}", "sign-ins from this address");

    /// <exception cref="TooManyAttemptsException">Too many by this account.</exception>
    public void Delete(Account account) => Take(_deletions, $"{account.Id}", "deletions by this account");

    private static PartitionedRateLimiter<string> PerMinute(int permits) => PartitionedRateLimiter.Create<string, string>(key => RateLimitPartition.GetSlidingWindowLimiter(
        key, _ => new SlidingWindowRateLimiterOptions { PermitLimit = permits, Window = TimeSpan.FromMinutes(1), SegmentsPerWindow = 6 }));

    private static void Take(PartitionedRateLimiter<string> limiter, string key, string what)
    {
        using var lease = limiter.AttemptAcquire(key);
        if (!lease.IsAcquired) throw new TooManyAttemptsException($"Too many {what} within a minute.");
    }

    public void Dispose()
    {
        _signIns.Dispose();
        _deletions.Dispose();
    }
}
