using Expunge.Rehearsing;

namespace Expunge.Testing;

/// <summary>What a downgrade must restore to the letter, as one text.</summary>
public static class CatalogText
{
    public static async Task<string> ReadAsync(string connectionString)
    {
        await using var connection = await TestServer.OpenAsync(connectionString);
        return string.Join('\n', await Definitions.ReadAsync(connection));
    }

    /// <summary>The lines that one has and the other has not, for the message of a failed comparison; empty when both are the same.</summary>
    public static string Difference(string before, string after) => string.Join('\n', Definitions.Difference(before.Split('\n'), after.Split('\n')));
}
