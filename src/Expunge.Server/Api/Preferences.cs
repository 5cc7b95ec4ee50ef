using System.Globalization;
using Microsoft.AspNetCore.Http;

namespace Expunge.Server.Api;

/// <summary>What a request asks of the way in which it is answered: <c>Prefer: respond-async</c> and <c>Prefer: wait=10</c> (RFC 7240, 4.1 and 4.3), and <c>Idempotency-Key</c>.</summary>
internal static class Preferences
{
    private const int LongestKey = 255;

    /// <summary>How long the answer may wait for the end of the work: what the caller prefers, and no more than the server's own.</summary>
    public static TimeSpan Wait(IHeaderDictionary headers, ServerOptions options)
    {
        var preferences = headers.GetCommaSeparatedValues("Prefer").Select(p => p.Trim()).ToList();
        if (preferences.Contains("respond-async", StringComparer.OrdinalIgnoreCase)) return TimeSpan.Zero;
        foreach (var preference in preferences)
        {
            if (preference.StartsWith("wait=", StringComparison.OrdinalIgnoreCase) && int.TryParse(preference.AsSpan(5), NumberStyles.None, CultureInfo.InvariantCulture, out var seconds)) return TimeSpan.FromSeconds(Math.Min(seconds, options.Wait.TotalSeconds));
        }

        return options.Wait;
    }

    /// <returns>Null where the request has none.</returns>
    public static string? IdempotencyKey(IHeaderDictionary headers)
    {
        if (headers["Idempotency-Key"] is not { Count: > 0 } values) return null;
        return values is [{ Length: > 0 and <= LongestKey } key] && key.All(c => c is > ' ' and <= '~') ? key : throw new BadHttpRequestException($"'Idempotency-Key' has 1 to {LongestKey} ASCII characters without spaces.");
    }
}
