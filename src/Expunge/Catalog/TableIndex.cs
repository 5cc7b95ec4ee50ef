using System.Collections.Immutable;

namespace Expunge.Catalog;

/// <summary>An index.</summary>
/// <param name="Name">Its name, in its table's schema.</param>
/// <param name="Columns">Its key columns in order; null where the key is an expression.</param>
/// <param name="Method">The access method, such as <c>btree</c>.</param>
/// <param name="IsUnique">Whether it is unique.</param>
/// <param name="IsPrimary">Whether it is the primary key's.</param>
/// <param name="IsValid">Whether queries may use it; a failed CREATE INDEX CONCURRENTLY leaves an invalid one.</param>
/// <param name="Predicate">The condition of a partial index, as <c>pg_get_expr</c> writes it; null for a full one.</param>
public sealed record TableIndex(string Name, ImmutableArray<string?> Columns, string Method, bool IsUnique, bool IsPrimary, bool IsValid, string? Predicate)
{
    /// <summary>
    /// Whether it lets PostgreSQL find the rows of one referenced key: it leads with the columns, in any order, and leaves out no row that has them all.
    /// </summary>
    /// <param name="columns">The referencing columns of a foreign key.</param>
    public bool Supports(IReadOnlyList<string> columns) =>
        IsValid
        && (Method == "btree" || (Method == "hash" && columns.Count == 1))
        && Columns.Length >= columns.Count
        && Columns.Take(columns.Count).ToHashSet().SetEquals(columns)
        && (Predicate is null || columns.Any(c => Predicate == $"({c} IS NOT NULL)" || Predicate == $"({Postgres.Identifier.Quote(c)} IS NOT NULL)"));
}
