using System.Net;
using Expunge.Auditing;
using Expunge.Postgres;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Expunge.Server.Accounts;

/// <summary>What an admin does to accounts, for the API and the dashboard alike: who may is told here, by the account as it is now.</summary>
internal sealed class AccountActions(AccountStore accounts, Attempts attempts, Database database, ILogger<SignIns> log)
{
    /// <summary>The account with that name and password, or null; in the log and in the audit either way. A name that is tried is in neither: passwords get typed there.</summary>
    /// <exception cref="TooManyAttemptsException">Too many from this address.</exception>
    public async Task<Account?> SignInAsync(HttpContext context, string name, string password, CancellationToken cancellation)
    {
        attempts.SignIn(context.Connection.RemoteIpAddress);
        var account = await accounts.SignInAsync(name, password, cancellation);
        if (account is null) Log.SignInFailed(log, context.Connection.RemoteIpAddress);
        else Log.SignedIn(log, account.Name);
        await AuditLog.AppendAsync(database, new AuditEvent(account?.Name ?? "", "sign-in") { Address = context.Address(), Outcome = account is null ? "refused" : "done" }, cancellation);
        return account;
    }

    /// <summary>Makes an account.</summary>
    /// <exception cref="NotAllowedException">It is not the super admin who asks.</exception>
    public async Task<Account> CreateAsync(Account account, string? address, string? name, string? password, CancellationToken cancellation)
    {
        var audit = new AuditEvent(account.Name, "account created") { Address = address };
        if (!account.IsSuper) throw await RefusedAsync(audit, "Only the super admin may do that.", cancellation);
        var created = await accounts.CreateAsync(name, password, isSuper: false, audit, cancellation);
        Log.AccountCreated(log, account.Name, created.Name);
        return created;
    }

    /// <summary>Deletes an account.</summary>
    /// <exception cref="NotAllowedException">It is not the super admin who asks.</exception>
    public async Task DeleteAsync(Account account, string? address, long id, CancellationToken cancellation)
    {
        var audit = new AuditEvent(account.Name, "account deleted") { Address = address };
        if (!account.IsSuper) throw await RefusedAsync(audit, "Only the super admin may do that.", cancellation);
        await accounts.DeleteAsync(id, audit, cancellation);
        Log.AccountDeleted(log, account.Name, id);
    }

    /// <summary>Changes a password: one's own with the current one, another's as the super admin.</summary>
    /// <exception cref="NotAllowedException">It is another's and not the super admin who asks, or the current password is wrong.</exception>
    /// <exception cref="TooManyAttemptsException">Too many from this address.</exception>
    public async Task ChangePasswordAsync(Account account, string? address, long id, string? password, string? current, CancellationToken cancellation)
    {
        var audit = new AuditEvent(account.Name, "password changed") { Address = address };
        if (id != account.Id && !account.IsSuper) throw await RefusedAsync(audit, "Only the super admin changes the password of another account.", cancellation);
        if (id == account.Id)
        {
            // A sign-in that was left open must not be enough to lock its owner out.
            attempts.SignIn(IPAddress.TryParse(address, out var ip) ? ip : null);
            if (await accounts.SignInAsync(account.Name, current ?? "", cancellation) is not { } signedIn || signedIn.Id != account.Id) throw await RefusedAsync(audit, "The current password is wrong.", cancellation);
        }

        // As it was when the request was let in: one that overtook it wins.
        var changed = id == account.Id ? account : await accounts.FindAsync(id, cancellation) ?? throw AccountStore.NotFound(id);
        await accounts.ChangePasswordAsync(changed, password, audit, cancellation);
        Log.PasswordChanged(log, account.Name, id);
    }

    private async Task<NotAllowedException> RefusedAsync(AuditEvent what, string why, CancellationToken cancellation)
    {
        await AuditLog.AppendAsync(database, what with { Outcome = "refused" }, cancellation);
        return new NotAllowedException(why);
    }
}
