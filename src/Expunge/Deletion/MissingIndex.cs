using System.Collections.Immutable;
using Expunge.Catalog;
using Expunge.Policy;
using Expunge.Postgres;

namespace Expunge.Deletion;

/// <summary>A reference, or a soft one, whose rows no index finds.</summary>
/// <param name="Reference">The reference, as the policy file writes it.</param>
/// <param name="Sql">The statement that builds one; <c>expunge upgrade</c> does the same, and goes on where it was interrupted.</param>
public sealed record MissingIndex(string Reference, string Sql)
{
    internal static ImmutableArray<MissingIndex> Of(Decisions decisions) =>
    [
        .. decisions.All.Where(d => !d.Reference.HasIndex).Select(d => new MissingIndex(d.Reference.Display(decisions.Schema), Create(d.Reference.Table, d.Reference.Columns)))
            .Concat(decisions.SoftReferences.Where(s => !s.HasIndex).Select(s => new MissingIndex(s.Display(decisions.Schema), Create(s.Table, [s.Column.Name])))),
    ];

    /// <summary>Why a deletion refuses to begin where each deleted row would read a whole table: a job of many would never end, and locks are held all the while. Null where nothing is missing.</summary>
    internal static ExpungeException? Refusal(Decisions decisions) => Of(decisions) is not [var first, ..] missing ? null : new(
        ErrorCodes.MissingIndex,
        $"No index finds the rows of {string.Join(", ", missing.Take(3).Select(m => m.Reference))}{(missing.Length > 3 ? $" and {missing.Length - 3} more" : "")}: each deletion would read the whole table.",
        $"Build {(missing.Length == 1 ? "it" : "them")} without blocking anybody:  expunge upgrade head  or  {first.Sql}  Nothing was deleted.");

    // A partitioned table takes no CONCURRENTLY: there it is work for upgrade.
    private static string Create(Table table, ImmutableArray<string> columns) => $"CREATE INDEX {(table.IsPartitioned ? "" : "CONCURRENTLY ")}ON {table.Name.Sql} ({Identifier.QuoteAll(columns)});";
}
