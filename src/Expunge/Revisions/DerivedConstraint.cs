using Expunge.Postgres;
using Npgsql;

namespace Expunge.Revisions;

/// <summary>A foreign key that PostgreSQL derived for a partition from the partitioned table's. It has a name of its own, which a swap must keep.</summary>
/// <param name="Table">The partition.</param>
/// <param name="Name">The constraint's name there.</param>
internal sealed record DerivedConstraint(QualifiedName Table, string Name)
{
    /// <summary>Those of a foreign key at every level below its table, by partition.</summary>
    public static async Task<Dictionary<QualifiedName, DerivedConstraint>> OfAsync(NpgsqlConnection connection, uint table, string constraint, CancellationToken cancellation)
    {
        var derived = await connection.ListAsync(
            """
            WITH RECURSIVE derived AS (
              SELECT oid, conrelid, confrelid, conname, 0 AS level FROM pg_constraint WHERE conrelid = $1 AND conname = $2
              UNION ALL
              SELECT c.oid, c.conrelid, c.confrelid, c.conname, level + 1 FROM pg_constraint c JOIN derived d ON c.conparentid = d.oid AND c.confrelid = d.confrelid)
            SELECT n.nspname::text, c.relname::text, d.conname::text
              FROM derived d JOIN pg_class c ON c.oid = d.conrelid JOIN pg_namespace n ON n.oid = c.relnamespace WHERE level > 0
            """,
            r => new DerivedConstraint(new QualifiedName(r.GetString(0), r.GetString(1)), r.GetString(2)), cancellation,
            new NpgsqlParameter { Value = table, NpgsqlDbType = NpgsqlTypes.NpgsqlDbType.Oid }, constraint);
        return derived.DistinctBy(d => d.Table).ToDictionary(d => d.Table);
    }

    public static string Rename(QualifiedName table, string from, string to) => $"ALTER TABLE {table.Sql} RENAME CONSTRAINT {Identifier.Quote(from)} TO {Identifier.Quote(to)}";
}
