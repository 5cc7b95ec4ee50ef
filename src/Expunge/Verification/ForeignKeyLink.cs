using System.Collections.Immutable;
using Expunge.Graph;
using Expunge.Postgres;

namespace Expunge.Verification;

/// <summary>As a foreign key does it (ri_triggers.c): with its own operators, on the table alone or with its partitions, never with inheritance children.</summary>
/// <param name="Reference">The reference.</param>
/// <param name="Operators">For each pair of columns, in order.</param>
internal sealed record ForeignKeyLink(Reference Reference, ImmutableArray<KeyOperator> Operators) : Link(Reference.Table, Reference.Columns, Reference.ReferencedTable)
{
    public override string From => Table.OnlySql;

    public override string ParentFrom => Parent.OnlySql;

    private bool IsTemporal => Reference.Constraints.Any(f => f.IsTemporal);

    public override string Match(string child, string parent) => string.Join(" AND ", Columns.Select((c, i) => (Operators[i] with { Sql = IsPeriod(i) ? "OPERATOR(pg_catalog.&&)" : Operators[i].Sql })
        .Compare($"{parent}.{Identifier.Quote(Reference.ReferencedColumns[i])}", $"{child}.{Identifier.Quote(c)}")));

    // Under MATCH FULL a row with only some of its columns refers to nobody, and matches nobody either.
    protected override string IsGiven(string child) => $"({string.Join(Reference.IsMatchFull ? " OR " : " AND ", Columns.Select(c => $"{child}.{Identifier.Quote(c)} IS NOT NULL"))})";

    // A period can be covered by several rows together (PostgreSQL 18).
    public override string IsOrphan(string child) => !IsTemporal ? base.IsOrphan(child)
        : $"{IsGiven(child)} AND NOT EXISTS (SELECT FROM (SELECT p.{Identifier.Quote(Reference.ReferencedColumns[^1])} AS r FROM {ParentFrom} p WHERE {Match(child, "p")}) x HAVING {child}.{Identifier.Quote(Columns[^1])} OPERATOR(pg_catalog.<@) pg_catalog.range_agg(x.r))";

    private bool IsPeriod(int i) => IsTemporal && i == Columns.Length - 1;
}
