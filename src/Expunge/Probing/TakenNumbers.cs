using System.Collections.Immutable;
using Expunge.Postgres;
using Npgsql;

namespace Expunge.Probing;

/// <summary>The sequences from which this session has taken numbers, by defaults or by triggers. currval knows, and of no other session.</summary>
internal static class TakenNumbers
{
    public static async Task<ImmutableArray<QualifiedName>> ReadAsync(NpgsqlConnection connection, CancellationToken cancellation)
    {
        await connection.ExecuteAsync(
            """
            DO $$
            DECLARE s pg_catalog.oid; taken pg_catalog.oid[] := '{}';
            BEGIN
              FOR s IN SELECT c.oid FROM pg_catalog.pg_class c WHERE c.relkind = 'S' AND c.relpersistence <> 't' LOOP
                BEGIN
                  PERFORM pg_catalog.currval(s);
                  taken := taken || s;
                EXCEPTION WHEN OTHERS THEN NULL;
                END;
              END LOOP;
              PERFORM pg_catalog.set_config('expunge.sequences', taken::text, true);
            END $$
            """,
            cancellation);
        return
        [
            .. await connection.ListAsync(
                "SELECT n.nspname::text, c.relname::text FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = ANY (pg_catalog.current_setting('expunge.sequences')::pg_catalog.oid[]) ORDER BY 1, 2",
                r => new QualifiedName(r.GetString(0), r.GetString(1)), cancellation),
        ];
    }
}
