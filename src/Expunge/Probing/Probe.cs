using Expunge.Catalog;
using Expunge.Deletion;
using Expunge.Policy;
using Expunge.Postgres;
using Npgsql;

namespace Expunge.Probing;

/// <summary>
/// Makes a test user with a row by every reference of its reach, and a second one beside it, deletes the first as <c>expunge delete</c> would, looks at each row, and rolls everything back. Others wait for
/// nothing of it: the rows are its own, and no table is locked against readers or writers.
/// </summary>
public static class Probe
{
    /// <summary>Probes.</summary>
    /// <param name="database">The database.</param>
    /// <param name="policy">The policy.</param>
    /// <param name="allowOutside">Whether triggers that reach outside the database may fire.</param>
    /// <param name="standIns">Whether the rows to which the policy reassigns, and those that defaults name, are made where they are missing: on a copy without rows they are.</param>
    /// <param name="cancellation">Ends it; it is rolled back then, too.</param>
    /// <exception cref="ExpungeException">It can't be done at all; nothing was changed.</exception>
    public static async Task<ProbeReport> RunAsync(Database database, PolicyFile policy, bool allowOutside = false, bool standIns = false, CancellationToken cancellation = default)
    {
        await using var connection = await database.OpenMaintenanceAsync(cancellation);
        var catalog = await database.ReadCatalogAsync(connection, cancellation);
        // Nothing is delivered: the values that the outbox would capture are invented ones.
        var decisions = Decisions.Of(catalog, policy) with { External = [] };
        Estimator.RefuseUnfit(decisions);
        await Deleter.RefuseUnsafeSessionAsync(connection, cancellation);
        var schema = await ProbeSchema.ReadAsync(connection, catalog, cancellation);
        var takesBack = await TakingBack.IsPossibleAsync(connection, decisions, cancellation);
        if (!allowOutside && await OutsideReach.FindAsync(connection, catalog, Touched(decisions), cancellation) is { Count: > 0 } outside)
        {
            throw new ExpungeException(
                ErrorCodes.ProbeReachesOutside, $"The probe would fire triggers whose effects no rollback takes back: {string.Join("; ", outside)}.",
                "Look at them; if that does no harm, give --allow-outside. Or probe a copy of the schema with  expunge rehearse. Nothing was changed.");
        }

        // The application's triggers may need the search_path of its role.
        await connection.ExecuteAsync("RESET search_path; DISCARD SEQUENCES", cancellation);
        // Rolled back when it is disposed of, whatever happens.
        await using var transaction = await connection.BeginTransactionAsync(cancellation);
        await connection.ExecuteAsync("SET LOCAL lock_timeout = '2s'; SET LOCAL statement_timeout = '30s'; SET LOCAL application_name = 'expunge probe'", cancellation);
        try
        {
            return await new ProbeRun(connection, decisions, schema, new VictimDeletion(connection, decisions, takesBack) { Deferred = await DeferAsync(connection, cancellation) }).RunAsync(standIns, cancellation);
        }
        catch (PostgresException e) when (!cancellation.IsCancellationRequested)
        {
            throw Refusal.Of(e, ErrorCodes.ProbeFailed, "the probe", "Everything was rolled back");
        }
    }

    // So that rows can refer to each other in a circle. Those that are initially deferred wait anyway, as they do in a deletion; and a name can be that of several constraints.
    private static async Task<string> DeferAsync(NpgsqlConnection connection, CancellationToken cancellation)
    {
        var names = await connection.ListAsync(
            "SELECT n.nspname::text, c.conname::text FROM pg_catalog.pg_constraint c JOIN pg_catalog.pg_namespace n ON n.oid = c.connamespace GROUP BY 1, 2 HAVING pg_catalog.bool_and(c.condeferrable AND NOT c.condeferred) ORDER BY 1, 2",
            r => new QualifiedName(r.GetString(0), r.GetString(1)), cancellation);
        var deferred = string.Join(", ", names.Select(n => n.Sql));
        if (names.Count > 0) await connection.ExecuteAsync($"SET CONSTRAINTS {deferred} DEFERRED", cancellation);
        return deferred;
    }

    // Whose triggers can fire: those that get rows, and those that rows need.
    internal static IEnumerable<Table> Touched(Decisions decisions)
    {
        var touched = decisions.All.Select(d => d.Reference.Table).Concat(decisions.SoftReferences.Select(s => s.Table)).Append(decisions.Reach.Root).SelectMany(decisions.Catalog.WithPartitions).Select(t => t.Name).ToHashSet();
        while (decisions.Catalog.ForeignKeys.Where(f => touched.Contains(f.Table) && touched.Add(f.ReferencedTable)).ToList().Count > 0) { }
        return decisions.Catalog.Tables.Where(t => touched.Contains(t.Name));
    }
}
