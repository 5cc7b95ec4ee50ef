using System.Collections.Immutable;
using Expunge.Postgres;

namespace Expunge.Catalog;

/// <summary>A materialized view that is filled: it keeps copies of what it read when it was refreshed last.</summary>
/// <param name="Name">Its schema and name.</param>
/// <param name="Reads">The tables that it reads, directly or through views of either kind, by name. What a function of it reads is not known to the catalog.</param>
/// <param name="Through">The materialized views among those that it reads through, in an order in which they can be refreshed.</param>
/// <param name="CanRefreshConcurrently">Whether a unique index allows REFRESH … CONCURRENTLY, which its readers don't wait for.</param>
public sealed record MaterializedView(QualifiedName Name, ImmutableArray<QualifiedName> Reads, ImmutableArray<QualifiedName> Through, bool CanRefreshConcurrently)
{
    /// <summary>The statement that refreshes it.</summary>
    public string RefreshSql => $"REFRESH MATERIALIZED VIEW {(CanRefreshConcurrently ? "CONCURRENTLY " : "")}{Name.Sql}";
}
