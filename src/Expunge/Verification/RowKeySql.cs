using System.Collections.Immutable;
using Expunge.Catalog;
using Expunge.Postgres;

namespace Expunge.Verification;

/// <summary>How a query names the rows <c>t</c> of a table.</summary>
/// <param name="Names">What stands before the values.</param>
/// <param name="Columns">The values as they are, to sort by.</param>
internal sealed record RowKeySql(ImmutableArray<string> Names, ImmutableArray<string> Columns)
{
    /// <summary>The values as an array of texts.</summary>
    public string Texts => Array(Columns);

    public static RowKeySql Of(Table table) => table.PrimaryKey is { IsEmpty: false } key ? new(key, [.. key.Select(c => $"t.{Identifier.Quote(c)}")])
        : table.IsPartitioned ? new(["partition", "ctid"], ["t.tableoid::regclass", "t.ctid"])
        : new(["ctid"], ["t.ctid"]);

    public static string Array(IEnumerable<string> expressions) => $"ARRAY[{string.Join(", ", expressions.Select(e => $"{e}::text"))}]::text[]";
}
