using Expunge.Policy;
using Expunge.Postgres;
using Expunge.Revisions;
using Npgsql;

namespace Expunge.Verification;

/// <summary>Verifies a database: the catalog against the policy, and against what the journal says that the last revision left.</summary>
public static class DatabaseVerifier
{
    /// <summary>Reads the catalog and the journal and verifies. Changes and locks nothing, and reads no row of a table of yours.</summary>
    /// <param name="database">The database.</param>
    /// <param name="policy">The policy.</param>
    /// <param name="cancellation">Cancels it.</param>
    /// <exception cref="ExpungeException">The database can't be read, or the policy does not fit it.</exception>
    public static async Task<VerifyReport> ReadAsync(Database database, PolicyFile policy, CancellationToken cancellation = default)
    {
        await using var connection = await database.OpenAsync(cancellation);
        var decisions = Decisions.Of(await database.ReadCatalogAsync(connection, cancellation), policy);
        var report = Verifier.Verify(decisions);
        var drift = await DriftAsync(connection, decisions, cancellation);
        // A column whose foreign key was dropped looks like a soft reference; that it was dropped says more.
        return drift.Count == 0 ? report
            : report with { Findings = Verifier.Sorted(report.Findings.Where(f => f.Code != FindingCodes.SoftSuspected || drift.All(d => d.Object != f.Object)).Concat(drift)) };
    }

    private static async Task<IReadOnlyCollection<Finding>> DriftAsync(NpgsqlConnection connection, Decisions decisions, CancellationToken cancellation)
    {
        try
        {
            var revisions = await Journal.RevisionsAsync(connection, cancellation);
            // One that is being reverted is half there; downgrade compares for itself.
            if (revisions.LastOrDefault(r => r.Root == decisions.Policy.Root.ToString() && r.State != RevisionState.Reverted) is not { State: not RevisionState.Reverting } last) return [];
            var (constraints, indexes) = await Journal.ChangesAsync(connection, last.Id, cancellation);
            return [.. DriftFindings.Of(decisions, last.Revision, constraints, indexes)];
        }
        catch (PostgresException e) when (e.SqlState == SqlStates.InsufficientPrivilege)
        {
            var role = decisions.Catalog.Server.Role;
            return
            [
                new Finding(
                    FindingCodes.MissingRight, FindingSeverity.Warning, "schema expunge", $"{role} may not read the journal there, so it is not known whether what the last revision left is still so",
                    $"GRANT USAGE ON SCHEMA expunge TO {Identifier.Quote(role)}; GRANT SELECT ON ALL TABLES IN SCHEMA expunge TO {Identifier.Quote(role)};"),
            ];
        }
    }
}
