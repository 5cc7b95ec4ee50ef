using System.Collections.Immutable;
using Expunge.Policy;
using Expunge.Postgres;
using Expunge.Probing;

namespace Expunge.Rehearsing;

/// <summary>Fills the tables of the reach with invented rows, as many to each other as in the database that was copied.</summary>
internal static class RowFiller
{
    /// <summary>Fills them, and commits.</summary>
    /// <param name="copy">The copy.</param>
    /// <param name="policy">The policy.</param>
    /// <param name="estimates">The rows of the tables that were copied; one that is not in it gets one row.</param>
    /// <param name="total">How many rows there are to be in all, about.</param>
    /// <param name="cancellation">Cancels it.</param>
    /// <returns>The keys of the users, how many rows were made, and the tables for which fewer could be made than were to be, with the reason.</returns>
    public static async Task<(ImmutableArray<string> Users, int Rows, ImmutableArray<string> Short)> FillAsync(
        Database copy, PolicyFile policy, IReadOnlyDictionary<QualifiedName, long> estimates, int total, CancellationToken cancellation)
    {
        await using var connection = await copy.OpenMaintenanceAsync(cancellation);
        var catalog = await copy.ReadCatalogAsync(connection, cancellation);
        var decisions = Decisions.Of(catalog, policy);
        var schema = await ProbeSchema.ReadAsync(connection, catalog, cancellation);
        await connection.ExecuteAsync("RESET search_path", cancellation);
        await using var transaction = await connection.BeginTransactionAsync(cancellation);
        var maker = new RowMaker(connection, decisions, schema);
        var tables = decisions.Tables.ToList();
        var all = tables.Sum(t => Math.Max(1, catalog.LeavesOf(t).Sum(l => estimates.GetValueOrDefault(l.Name))));
        var tooFew = new List<string>();
        // The same rows each time.
        var random = new Random(1);
        foreach (var table in tables)
        {
            var wanted = Math.Max(table.Oid == decisions.Reach.Root.Oid ? 2 : 1, (long)Math.Round((double)catalog.LeavesOf(table).Sum(l => estimates.GetValueOrDefault(l.Name)) * total / all));
            for (var n = 0L; n < wanted; n++)
            {
                try
                {
                    await maker.MakeForAnyAsync(table, random, cancellation);
                }
                catch (NotMadeException e)
                {
                    tooFew.Add($"{table}: {n} of {wanted} rows: {e.Message}");
                    break;
                }
            }
        }

        await transaction.CommitAsync(cancellation);
        await connection.ExecuteAsync("ANALYZE", cancellation);
        return ([.. maker.Rows.Where(r => r.Table.Oid == decisions.Reach.Root.Oid).Select(r => r.Values[decisions.Reach.Root.PrimaryKey[0]]!)], maker.Rows.Count, [.. tooFew]);
    }
}
