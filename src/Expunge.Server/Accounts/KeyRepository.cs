using System.Xml.Linq;
using Expunge.Postgres;
using Microsoft.AspNetCore.DataProtection.Repositories;
using Npgsql;

namespace Expunge.Server.Accounts;

/// <summary>Keeps ASP.NET Core's Data Protection keys in the target database, so that sign-ins outlast a restart and hold on every instance.</summary>
internal sealed class KeyRepository(Database database) : IXmlRepository
{
    // The interface is synchronous; it is called at the start and once a day.
    public IReadOnlyCollection<XElement> GetAllElements() => ReadAsync().GetAwaiter().GetResult();

    public void StoreElement(XElement element, string friendlyName) => StoreAsync(element, friendlyName).GetAwaiter().GetResult();

    private async Task<IReadOnlyCollection<XElement>> ReadAsync()
    {
        await using var connection = await database.OpenAsync();
        try
        {
            return await connection.ListAsync("SELECT xml FROM expunge.data_protection_key ORDER BY id", r => XElement.Parse(r.GetString(0)), CancellationToken.None);
        }
        catch (PostgresException e) when (e.SqlState == PostgresErrorCodes.InsufficientPrivilege)
        {
            throw new ExpungeException(
                ErrorCodes.MissingRight, $"The server's role may not read the keys of sign-ins: {e.MessageText}.", "Have the owner run  GRANT SELECT, INSERT ON expunge.data_protection_key TO …;  Nobody can sign in without them.", e);
        }
    }

    private async Task StoreAsync(XElement element, string friendlyName)
    {
        await using var connection = await database.OpenAsync();
        await connection.ExecuteAsync("INSERT INTO expunge.data_protection_key (name, xml) VALUES ($1, $2)", CancellationToken.None, friendlyName, element.ToString(SaveOptions.DisableFormatting));
    }
}
