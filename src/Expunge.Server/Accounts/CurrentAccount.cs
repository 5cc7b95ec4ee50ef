namespace Expunge.Server.Accounts;

/// <summary>Whose request this is; null for nobody's. Set once a request, from the database.</summary>
internal sealed class CurrentAccount
{
    public Account? Account { get; set; }
}
