using System.Security.Cryptography;
using System.Text;
using Expunge.Postgres;

namespace Expunge.Policy;

/// <summary>The canonical text of a policy and its hash. Journals and receipts hold the hash: the text's form never changes.</summary>
internal static class PolicyHash
{
    internal static string Of(PolicyFile policy) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(Canonical(policy))));

    // Names are quoted as in SQL, so that no name can imitate another line.
    internal static string Canonical(PolicyFile policy)
    {
        var references = policy.References.Select(reference => $"reference {Target(reference.Key)} {reference.Action.Word()}{To(reference)}\n");
        var soft = policy.SoftReferences.Select(reference => $"soft {reference.Table.Sql} ({Identifier.Quote(reference.Column)}) delete{(reference.Enforce ? " enforce" : "")}\n");
        // A policy without them has the hash that it had before there were any.
        var external = policy.External.Select(column => $"external {column.Table.Sql} ({Identifier.Quote(column.Column)})\n");
        return $"policy 1\nroot {policy.Root.Sql}\ndefault {policy.Default.Word()}\n{Sorted(references)}{Sorted(soft)}{Sorted(external)}";
    }

    private static string Sorted(IEnumerable<string> lines) => string.Concat(lines.Order(StringComparer.Ordinal));

    private static string Target(ReferenceKey key) => $"{key.Table.Sql} ({Identifier.QuoteAll(key.SortedColumns)})";

    private static string To(ReferencePolicy reference) => reference.ReassignTo is { } key ? $" to {Identifier.Literal(key)}" : "";
}
