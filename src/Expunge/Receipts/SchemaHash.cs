using System.Security.Cryptography;
using System.Text;
using Expunge.Policy;

namespace Expunge.Receipts;

/// <summary>The hash of what made a deletion complete: the foreign keys of the reach. Receipts hold it: the text's form never changes.</summary>
internal static class SchemaHash
{
    /// <summary>SHA-256 in lower-case hex over the foreign keys as the catalog has them: a line each, the table and the words after <c>ADD CONSTRAINT name</c>, sorted.</summary>
    public static string Of(Decisions decisions)
    {
        var lines = decisions.All.SelectMany(d => d.Reference.Constraints).Select(f => $"{f.Table.Sql} {f.Clause}\n").Order(StringComparer.Ordinal);
        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(string.Concat(lines))));
    }
}
