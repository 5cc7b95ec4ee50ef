using System.Security.Claims;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authentication.BearerToken;
using Microsoft.AspNetCore.Authentication.Cookies;
using Microsoft.Extensions.Options;

namespace Expunge.Server.Accounts;

/// <summary>
/// A sign-in: the account's number and stamp, sealed by Data Protection into a bearer token or a cookie. What the account may do is never read from it but from the database,
/// at each request, so that a change of the password, a deletion or a demotion holds at once.
/// </summary>
internal sealed class SignIns(AccountStore accounts, IOptionsMonitor<BearerTokenOptions> bearer, TimeProvider clock, ServerOptions options)
{
    private const string StampClaim = "stamp";
    private const string ExpiresClaim = "expires";
    private const string AddressClaim = "address";

    /// <summary>A token for the header <c>Authorization: Bearer …</c>. <c>AddBearerToken</c>'s own response has other names than the document's.</summary>
    public string BearerToken(Account account)
    {
        // The handler wants an expiry of its own beside the claim's.
        var properties = new AuthenticationProperties { ExpiresUtc = clock.GetUtcNow() + options.SessionLifetime };
        var ticket = new AuthenticationTicket(Principal(account, BearerTokenDefaults.AuthenticationScheme), properties, $"{BearerTokenDefaults.AuthenticationScheme}:AccessToken");
        return bearer.Get(BearerTokenDefaults.AuthenticationScheme).BearerTokenProtector.Protect(ticket);
    }

    /// <summary>What the dashboard's cookie is made from. A page that stays open has no request of which the address could be told later.</summary>
    public ClaimsPrincipal ForCookie(Account account, string? address) => Principal(account, CookieAuthenticationDefaults.AuthenticationScheme, new Claim(AddressClaim, address ?? ""));

    /// <summary>From where a cookie's sign-in came; null for a token.</summary>
    public static string? Address(ClaimsPrincipal user) => user.FindFirstValue(AddressClaim);

    /// <summary>The account of a sign-in as it is now; null where the sign-in has ended.</summary>
    public async Task<Account?> AccountAsync(ClaimsPrincipal user, CancellationToken cancellation)
    {
        if (user.Identity?.IsAuthenticated != true || !long.TryParse(user.FindFirstValue(ClaimTypes.NameIdentifier), out var id)) return null;
        // A page that stays open has no request whose token or cookie could expire.
        if (!long.TryParse(user.FindFirstValue(ExpiresClaim), out var expires) || clock.GetUtcNow().ToUnixTimeSeconds() >= expires) return null;
        var account = await accounts.FindAsync(id, cancellation);
        return account is not null && user.HasClaim(StampClaim, $"{account.Stamp}") ? account : null;
    }

    private ClaimsPrincipal Principal(Account account, string scheme, params Claim[] more) => new(new ClaimsIdentity(
        [
            new(ClaimTypes.NameIdentifier, $"{account.Id}"), new(ClaimTypes.Name, account.Name), new(StampClaim, $"{account.Stamp}"),
            new(ExpiresClaim, $"{(clock.GetUtcNow() + options.SessionLifetime).ToUnixTimeSeconds()}"),
            .. more,
        ],
        scheme));
}
