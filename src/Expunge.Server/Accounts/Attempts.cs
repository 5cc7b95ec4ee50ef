using System.Threading.RateLimiting;

namespace Expunge.Server.Accounts;

/// <summary>How often somebody may try to sign in, by address, and delete permanently, by account. The API and the dashboard share the counts.</summary>
internal sealed class Attempts(ServerOptions options) : IDisposable
{
    private readonly PartitionedRateLimiter<string> _signIns = PerMinute(options.SignInsPerMinute);
    private readonly PartitionedRateLimiter<string> _deletions = PerMinute(options.DeletionsPerMinute);

    /// <exception cref="TooManyAttemptsException">Too many from this address.</exception>
    public void SignIn(System.Net.IPAddress? address) => Take(_signIns, Network(address), "sign-ins from this address");

    /// <exception cref="TooManyAttemptsException">Too many by this account.</exception>
    public void Delete(Account account) => Take(_deletions, $"{account.Id}", "deletions by this account");

    // Whoever has an IPv6 address has its whole /64.
    private static string Network(System.Net.IPAddress? address) => address is { AddressFamily: System.Net.Sockets.AddressFamily.InterNetworkV6, IsIPv4MappedToIPv6: false }
        ? Convert.ToHexString(address.GetAddressBytes(), 0, 8) : $"{address?.MapToIPv4()}";

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
