using Expunge.Catalog;
using Expunge.Postgres;

namespace Expunge.Revisions;

/// <summary>One foreign key of a table, before and after: changed, added (no former) or dropped (no new one).</summary>
/// <param name="Former">What is there before; null where it is added.</param>
/// <param name="New">What is to be there; null where it is dropped (a duplicate).</param>
public sealed record ConstraintChange(ForeignKey? Former, ForeignKey? New)
{
    /// <summary>Either of the two; both are on the same table.</summary>
    public ForeignKey Any => (New ?? Former)!;

    /// <summary>The constraint's name.</summary>
    public string Name => Any.Name;

    internal ConstraintChange Reversed() => new(New, Former);

    /// <summary>The statements that make the change; a new constraint is added NOT VALID, which scans nothing.</summary>
    /// <param name="notValid">Whether to add it NOT VALID; partitioned tables before PostgreSQL 18 can't.</param>
    internal IEnumerable<string> Sql(bool notValid = true)
    {
        var table = Any.Table.Sql;
        if (Former is not null) yield return $"ALTER TABLE {table} DROP CONSTRAINT {Identifier.Quote(Former.Name)}";
        if (New is null) yield break;
        yield return $"ALTER TABLE {table} ADD CONSTRAINT {Identifier.Quote(New.Name)} {New.Clause}{(notValid && New.Enforced ? " NOT VALID" : "")}";
        if (New.Comment is not null) yield return New.CommentSql;
    }
}
