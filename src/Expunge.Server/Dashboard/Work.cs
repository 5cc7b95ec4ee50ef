using Expunge.Server.Accounts;
using Expunge.Server.Api;
using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Components.Authorization;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Extensions.Logging;

namespace Expunge.Server.Dashboard;

/// <summary>
/// All that a page reads or does, it does through this: a page stays open for hours without a request, so the sign-in is checked against the database each time, and what goes wrong becomes
/// something to show and not the end of the page.
/// </summary>
internal sealed class Work(AuthenticationStateProvider states, SignIns signIns, NavigationManager navigation, ILogger<Work> log)
{
    /// <summary>Does it for the account that is signed in now. Leads to the sign-in page where none is.</summary>
    /// <returns>Null when it is done; what went wrong otherwise.</returns>
    public async Task<ProblemDetails?> DoAsync(Func<Account, Task> work)
    {
        try
        {
            var user = (await states.GetAuthenticationStateAsync()).User;
            if (await signIns.AccountAsync(user, CancellationToken.None) is { } account)
            {
                Address = SignIns.Address(user);
                await work(account);
                return null;
            }

            navigation.NavigateTo(DashboardEndpoints.SignInUrl(SignInReasons.Ended, Path), forceLoad: true);
            return new ProblemDetails { Detail = "Your sign-in has ended. Nothing was changed." };
        }
        catch (Exception e)
        {
            // The page and not its address, which can hold a user's key.
            return Problems.Logged(e, log, "Page", $"/{Path.Split('/')[1]}");
        }
    }

    /// <summary>From where the one came who is signed in, for the audit.</summary>
    public string? Address { get; private set; }

    private string Path => new Uri(navigation.Uri).AbsolutePath;
}
