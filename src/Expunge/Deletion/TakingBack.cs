using Expunge.Policy;
using Expunge.Postgres;
using Npgsql;

namespace Expunge.Deletion;

/// <summary>
/// Whether a trigger could delete or change rows and take that back in the same transaction. PostgreSQL's statistics count what was attempted, also where it was rolled back to a savepoint (pgstat_relation.c,
/// AtEOSubXact_PgStat_Relations), and then they are no count of what is gone.
/// </summary>
internal static class TakingBack
{
    // A function of plpgsql does it with an EXCEPTION block; of other languages nothing is known, but of those that can't.
    private const string Query =
        """
        SELECT EXISTS (
          SELECT FROM pg_trigger t JOIN pg_proc p ON p.oid = t.tgfoid JOIN pg_language l ON l.oid = p.prolang
           WHERE t.tgrelid = ANY ($1) AND NOT t.tgisinternal AND t.tgenabled IN ('O', 'A') AND t.tgtype & 24 <> 0
             AND CASE l.lanname WHEN 'plpgsql' THEN p.prosrc ~* '\mexception(\s|--[^\n]*\n|/\*.*?\*/)+when\M' ELSE l.lanname NOT IN ('internal', 'c', 'sql') END)
        """;

    public static Task<bool> IsPossibleAsync(NpgsqlConnection connection, Decisions decisions, CancellationToken cancellation) => connection.ScalarAsync<bool>(
        Query, cancellation,
        Commands.Oids(decisions.Tables.SelectMany(decisions.Catalog.WithPartitions).Select(t => t.Oid).Distinct()));
}
