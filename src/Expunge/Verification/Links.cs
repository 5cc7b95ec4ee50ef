using System.Collections.Immutable;
using Expunge.Catalog;
using Expunge.Deletion;
using Expunge.Graph;
using Expunge.Policy;
using Expunge.Postgres;
using Npgsql;

namespace Expunge.Verification;

/// <summary>The links of a snapshot, with the operators that PostgreSQL compares their keys by.</summary>
internal sealed class Links
{
    private const string OfConstraints =
        """
        SELECT c.oid, format('OPERATOR(%I.%s)', n.nspname, o.oprname),
               CASE WHEN o.oprleft <> pa.atttypid AND lt.typtype <> 'p' THEN '::' || format_type(o.oprleft, -1) ELSE '' END,
               concat(CASE WHEN o.oprright <> ca.atttypid AND rt.typtype <> 'p' THEN '::' || format_type(o.oprright, -1) END,
                      CASE WHEN pa.attcollation <> ca.attcollation AND pa.attcollation <> 0 THEN format(' COLLATE %I.%I', ln.nspname, l.collname) END)
          FROM pg_constraint c
         CROSS JOIN LATERAL unnest(c.conpfeqop, c.conkey, c.confkey) WITH ORDINALITY AS k(op, child, parent, place)
          JOIN pg_operator o ON o.oid = k.op
          JOIN pg_namespace n ON n.oid = o.oprnamespace
          JOIN pg_type lt ON lt.oid = o.oprleft
          JOIN pg_type rt ON rt.oid = o.oprright
          JOIN pg_attribute pa ON pa.attrelid = c.confrelid AND pa.attnum = k.parent
          JOIN pg_attribute ca ON ca.attrelid = c.conrelid AND ca.attnum = k.child
          LEFT JOIN pg_collation l ON l.oid = pa.attcollation
          LEFT JOIN pg_namespace ln ON ln.oid = l.collnamespace
         WHERE c.contype = 'f' AND c.conparentid = 0
         ORDER BY c.oid, k.place
        """;

    // Strategy 3 of a btree is equality (docs, Index Method Strategies).
    private const string OfPrimaryKey =
        """
        SELECT a.attname::text, format('OPERATOR(%I.%s)', n.nspname, o.oprname), CASE WHEN a.attcollation <> 0 THEN format(' COLLATE %I.%I', ln.nspname, l.collname) ELSE '' END
          FROM pg_index i
         CROSS JOIN LATERAL unnest(i.indkey::int2[], i.indclass::oid[]) AS k(attnum, opclass)
          JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.attnum
          JOIN pg_opclass oc ON oc.oid = k.opclass
          JOIN pg_amop ao ON ao.amopfamily = oc.opcfamily AND ao.amoplefttype = oc.opcintype AND ao.amoprighttype = oc.opcintype AND ao.amopstrategy = 3
          JOIN pg_operator o ON o.oid = ao.amopopr
          JOIN pg_namespace n ON n.oid = o.oprnamespace
          LEFT JOIN pg_collation l ON l.oid = a.attcollation
          LEFT JOIN pg_namespace ln ON ln.oid = l.collnamespace
         WHERE i.indrelid = $1 AND i.indisprimary
        """;

    private static readonly KeyOperator AnyEquals = new("=", "", "");

    private readonly ILookup<uint, KeyOperator> _ofConstraints;
    private readonly Dictionary<string, KeyOperator> _ofKey;
    private readonly Table _root;

    private Links(Table root, ILookup<uint, KeyOperator> ofConstraints, Dictionary<string, KeyOperator> ofKey) => (_root, _ofConstraints, _ofKey) = (root, ofConstraints, ofKey);

    /// <summary>Reads the operators; to be used on the same connection, whose search_path the names of types may need.</summary>
    public static async Task<Links> ReadAsync(NpgsqlConnection connection, Table root, CancellationToken cancellation)
    {
        var constraints = await connection.ListAsync(OfConstraints, r => (Oid: r.GetFieldValue<uint>(0), Operator: new KeyOperator(r.GetString(1), r.GetString(2), r.GetString(3))), cancellation);
        var key = await connection.ListAsync(OfPrimaryKey, r => (Column: r.GetString(0), Operator: new KeyOperator(r.GetString(1), "", r.GetString(2))), cancellation, new NpgsqlParameter { Value = root.Oid, NpgsqlDbType = NpgsqlTypes.NpgsqlDbType.Oid });
        return new Links(root, constraints.ToLookup(c => c.Oid, c => c.Operator), key.ToDictionary(k => k.Column, k => k.Operator, StringComparer.Ordinal));
    }

    public Link Of(Reference reference)
    {
        var operators = _ofConstraints[reference.Constraints[0].Oid].ToImmutableArray();
        // Made anew since the snapshot.
        return new ForeignKeyLink(reference, operators.Length == reference.Columns.Length ? operators : [.. reference.Columns.Select(_ => AnyEquals)]);
    }

    public SoftLink Of(SoftReference soft)
    {
        var key = SubjectKeys.Column(_root);
        return new SoftLink(soft, _root, key, _ofKey.GetValueOrDefault(key.Name, AnyEquals));
    }

    /// <summary>Whether two rows of the root have the same key.</summary>
    public string IsSameSubject(string one, string other) => string.Join(" AND ", _root.PrimaryKey.Select(k => _ofKey.GetValueOrDefault(k, AnyEquals).Compare($"{one}.{Identifier.Quote(k)}", $"{other}.{Identifier.Quote(k)}")));
}
