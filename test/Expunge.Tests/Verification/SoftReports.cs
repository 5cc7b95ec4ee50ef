using Expunge.Policy;
using Expunge.Postgres;
using Expunge.Verification;
using Xunit;

namespace Expunge.Tests.Verification;

/// <summary>Searches, and what they found, a line a column.</summary>
internal static class SoftReports
{
    public static Task<SoftReport> SoftAsync(this TestDatabase database, PolicyFile policy, TimeSpan? timeout = null) =>
        SoftSearch.FindAsync(database.Database, policy, timeout ?? TimeSpan.FromMinutes(1), TestContext.Current.CancellationToken);

    public static Task<SoftReport> SoftAsync(this TestDatabase database, string root = "users") => database.SoftAsync(new PolicyFile { Root = QualifiedName.Parse(root) });

    /// <summary>Such as <c>likely logins.user_id</c>; with <c>→ orders</c> where it leads to another table than the root, and <c>(not declarable)</c>.</summary>
    public static string[] Lines(this SoftReport report) =>
        [.. report.Columns.Select(c => $"{$"{c.Likelihood}".ToLowerInvariant()} {Name(report, c.Table.Name, c.Column.Name)}{(c.References.Oid == report.Decisions.Reach.Root.Oid ? "" : $" → {c.References.Name.Display(report.Decisions.Schema)}")}{(c.Undeclarable is null ? "" : " (not declarable)")}")];

    /// <summary>What the catalog alone makes suspicious.</summary>
    public static IEnumerable<string> Suspected(this SoftReport report) => SoftCandidates.Suspected(report.Decisions).Select(c => Name(report, c.Table.Name, c.Column.Name));

    private static string Name(SoftReport report, QualifiedName table, string column) => $"{table.Display(report.Decisions.Schema)}.{column}";
}
