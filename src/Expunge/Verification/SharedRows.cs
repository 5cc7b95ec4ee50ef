using System.Collections.Immutable;
using Expunge.Catalog;
using Expunge.Graph;
using Expunge.Policy;
using Expunge.Postgres;
using Npgsql;

namespace Expunge.Verification;

/// <summary>Counts the rows that belong to two different subjects today, which is where a shared reference matters.</summary>
public static class SharedRows
{
    /// <summary>The rows of a reference's table whose subject by this reference is another one than by the owner's reference.</summary>
    /// <param name="connection">An open connection in no transaction; it only reads.</param>
    /// <param name="catalog">The snapshot.</param>
    /// <param name="root">The root table.</param>
    /// <param name="suggestions">All suggestions.</param>
    /// <param name="suggestion">The one to count for.</param>
    /// <param name="cancellation">Cancels it.</param>
    /// <returns>The number, 0 for the owner's own reference; null when it could not be counted within five seconds or not read at all.</returns>
    public static async Task<long?> CountAsync(
        NpgsqlConnection connection, CatalogSnapshot catalog, Table root, ImmutableArray<Suggestion> suggestions, Suggestion suggestion, CancellationToken cancellation = default)
    {
        // Whose a row is, is told by the references that would delete it.
        var byReference = suggestions.ToDictionary(s => s.Reference, s => s.Action);
        var reach = Reach.Of(
            new ReferenceGraph(catalog), root,
            r => byReference.TryGetValue(r, out var action) ? action == PolicyAction.Cascade : !r.LetsGo);
        var reference = suggestion.Reference;
        if (reach.Find(reference.ReferencedTable) is null) return 0;
        var isRoot = reference.Table.Oid == root.Oid;
        var owner = isRoot ? null : suggestions.Where(s => s.Reference.Table.Oid == reference.Table.Oid && s.Action == PolicyAction.Cascade).MinBy(s => (!s.Reference.IsMandatory, reach.DepthOf(s.Reference)))?.Reference;
        if (owner == reference) return 0;

        var joins = Joins("s", [reference, .. reach.PathFrom(reference.ReferencedTable)]) + (owner is null ? "" : Joins("o", [owner, .. reach.PathFrom(owner.ReferencedTable)]));
        var (mine, other) = (owner is null ? "t" : $"o{Length(owner)}", $"s{Length(reference)}");
        var differs = string.Join(" OR ", root.PrimaryKey.Select(k => $"{mine}.{Identifier.Quote(k)} <> {other}.{Identifier.Quote(k)}"));
        await using var transaction = await connection.BeginTransactionAsync(cancellation);
        try
        {
            await connection.ExecuteAsync("SET LOCAL statement_timeout = '5s'; SET TRANSACTION READ ONLY", cancellation);
            return await connection.ScalarAsync<long>($"SELECT count(*) FROM {reference.Table.Name.Sql} t{joins} WHERE {differs}", cancellation);
        }
        catch (PostgresException e) when (e.SqlState is SqlStates.QueryCanceled or SqlStates.InsufficientPrivilege && !cancellation.IsCancellationRequested)
        {
            return null;
        }

        int Length(Reference r) => 1 + reach.PathFrom(r.ReferencedTable).Length;
    }

    private static string Joins(string alias, IEnumerable<Reference> path)
    {
        var (sql, from, n) = ("", "t", 0);
        foreach (var step in path)
        {
            var to = $"{alias}{++n}";
            sql += $" JOIN {step.ReferencedTable.Name.Sql} {to} ON "
                + string.Join(" AND ", step.Columns.Zip(step.ReferencedColumns, (c, p) => $"{to}.{Identifier.Quote(p)} = {from}.{Identifier.Quote(c)}"));
            from = to;
        }

        return sql;
    }
}
