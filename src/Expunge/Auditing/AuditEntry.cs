using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json.Nodes;
using Expunge.Receipts;

namespace Expunge.Auditing;

/// <summary>An entry of the audit.</summary>
/// <param name="Id">Its number: from 1, without gaps.</param>
/// <param name="At">When it was written, by the server's clock, to the microsecond.</param>
/// <param name="Event">What it says.</param>
/// <param name="Hash">SHA-256 in lower-case hex over this entry and the hash of the one before it.</param>
public sealed record AuditEntry(long Id, DateTimeOffset At, AuditEvent Event, string Hash)
{
    /// <summary>What the hash of an entry must be: SHA-256 over RFC 8785 JSON of its columns and, as <c>previous</c>, the hash of the one before it (empty for the first).</summary>
    /// <param name="previous">The hash of the one before.</param>
    public string ComputeHash(string previous) => Convert.ToHexStringLower(SHA256.HashData(CanonicalJson.Bytes(new JsonObject
    {
        ["id"] = Id,
        ["at"] = At.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.ffffff'Z'", CultureInfo.InvariantCulture),
        ["actor"] = Event.Actor,
        ["action"] = Event.Action,
        ["object"] = Event.Object,
        ["count"] = Event.Count,
        ["address"] = Event.Address,
        ["outcome"] = Event.Outcome,
        ["previous"] = previous,
    })));
}
