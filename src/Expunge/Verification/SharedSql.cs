using System.Collections.Immutable;
using Expunge.Catalog;
using Expunge.Postgres;

namespace Expunge.Verification;

/// <summary>The rows <c>t</c> of a table that are one subject's by one way and another's by another.</summary>
/// <param name="Rows">They, as <c>FROM … WHERE …</c>.</param>
/// <param name="First">The key of the first subject, as text.</param>
/// <param name="Second">The key of the second.</param>
/// <param name="FirstRow">The name of the first subject's row.</param>
/// <param name="SecondRow">The name of the second's.</param>
internal sealed record SharedSql(string Rows, string First, string Second, string FirstRow, string SecondRow)
{
    /// <param name="table">The table.</param>
    /// <param name="sample">What follows the table's name: nothing, or TABLESAMPLE.</param>
    /// <param name="first">The links of the first way.</param>
    /// <param name="second">Those of the second.</param>
    /// <param name="root">The root.</param>
    /// <param name="links">The snapshot's links.</param>
    public static SharedSql Of(Table table, string sample, ImmutableArray<Link> first, ImmutableArray<Link> second, Table root, Links links)
    {
        var (one, other) = (first.IsEmpty ? "t" : $"a{first.Length}", second.IsEmpty ? "t" : $"b{second.Length}");
        // Where both are soft references a deletion takes inheritance children along.
        var from = first.Concat(second).Any(l => l is ForeignKeyLink) || table.IsPartitioned ? table.OnlySql : table.Name.Sql;
        return new SharedSql($"FROM {from} t{sample}{Joins("a", first)}{Joins("b", second)} WHERE NOT ({links.IsSameSubject(one, other)})", Key(one), Key(other), one, other);

        string Key(string alias) => string.Join(" || ', ' || ", root.PrimaryKey.Select(k => $"{alias}.{Identifier.Quote(k)}::text"));
    }

    private static string Joins(string alias, ImmutableArray<Link> links) =>
        string.Concat(links.Select((l, i) => $" JOIN {l.ParentFrom} {alias}{i + 1} ON {l.Match(i == 0 ? "t" : $"{alias}{i}", $"{alias}{i + 1}")}"));
}
