namespace Expunge.Server.Accounts;

/// <summary>Somebody who may use the admin API and the dashboard.</summary>
/// <param name="Id">The account's number.</param>
/// <param name="Name">The name, as it was given when the account was made.</param>
/// <param name="IsSuper">Whether it is the super admin, who alone manages accounts.</param>
/// <param name="Stamp">Part of every sign-in; a change of the password makes a new one, which ends them.</param>
/// <param name="CreatedAt">When it was made.</param>
public sealed record Account(long Id, string Name, bool IsSuper, Guid Stamp, DateTimeOffset CreatedAt);
