using System.Collections.Immutable;
using Expunge.Catalog;
using Expunge.Postgres;

namespace Expunge.Graph;

/// <summary>
/// One way from a table's rows to the rows of another: the columns that refer and the key that they refer to. Usually one foreign key; more where somebody declared
/// it twice (migrations that assume a constraint's name do).
/// </summary>
public sealed record Reference
{
    internal Reference(Table table, Table referencedTable, ImmutableArray<ForeignKey> constraints)
    {
        Table = table;
        ReferencedTable = referencedTable;
        Constraints = constraints;
    }

    /// <summary>The referencing table.</summary>
    public Table Table { get; }

    /// <summary>The referenced table.</summary>
    public Table ReferencedTable { get; }

    /// <summary>The foreign keys that declare it, by name; at least one.</summary>
    public ImmutableArray<ForeignKey> Constraints { get; }

    /// <summary>The referencing columns.</summary>
    public ImmutableArray<string> Columns => Constraints[0].Columns;

    /// <summary>The referenced columns, each at the place of its referencing one.</summary>
    public ImmutableArray<string> ReferencedColumns => Constraints[0].ReferencedColumns;

    /// <summary>Whether it refers to its own table.</summary>
    public bool IsSelf => Table.Oid == ReferencedTable.Oid;

    /// <summary>The columns that a SET NULL could set: those that are neither NOT NULL nor generated. Empty: SET NULL is impossible, also because MATCH FULL wants it for all.</summary>
    public ImmutableArray<string> NullableColumns =>
        Columns.Where(c => Table.Column(c)?.CanBeNull == true).ToImmutableArray() is var some && (some.Length == Columns.Length || !IsMatchFull) ? some : [];

    /// <summary>Whether its columns must be NULL all or none.</summary>
    public bool IsMatchFull => Columns.Length > 1 && Constraints.Any(f => f.MatchFull);

    /// <summary>Whether its rows stay today and lose the reference: somebody decided so, by SET NULL or SET DEFAULT on columns that can be set.</summary>
    public bool LetsGo => Constraints.All(f => CanBeSet(f.OnDelete, f.SetColumns));

    /// <summary>
    /// Whether it is SET NULL or SET DEFAULT and can work. PostgreSQL accepts both on a NOT NULL column, and NULL for only some columns under MATCH FULL, where they refuse every deletion.
    /// </summary>
    /// <param name="onDelete">The delete rule.</param>
    /// <param name="columns">Its column list; empty for all columns.</param>
    public bool CanBeSet(ReferentialAction onDelete, ImmutableArray<string> columns)
    {
        if (onDelete is not (ReferentialAction.SetNull or ReferentialAction.SetDefault)) return false;
        var set = (columns.IsEmpty ? Columns : columns).Select(Table.Column).OfType<Column>().ToList();
        var toNull = set.Where(c => onDelete == ReferentialAction.SetNull || !c.HasDefault).ToList();
        return toNull.TrueForAll(c => c.CanBeNull) && !set.Exists(c => c.IsGenerated) && (toNull.Count == 0 || toNull.Count == Columns.Length || !IsMatchFull);
    }

    /// <summary>Whether every row must have it: no column of it can be NULL.</summary>
    public bool IsMandatory => NullableColumns.IsEmpty;

    /// <summary>Whether an index lets PostgreSQL find the rows of one key without reading the whole table.</summary>
    public bool HasIndex => Table.Indexes.Any(i => i.Supports(Columns));

    /// <summary>As people and the policy file write it: <c>table.column</c>, <c>table.(a, b)</c>; the schema only where it is not <paramref name="schema"/>.</summary>
    /// <param name="schema">The root's schema, which goes without saying.</param>
    public string Display(string schema) => $"{Table.Name.Display(schema)}.{Identifier.DisplayColumns(Columns)}";

    /// <inheritdoc/>
    public override string ToString() => $"{Display("public")} → {ReferencedTable.Name.Display("public")}";

    /// <summary>Two are the same when table and constraints are; a snapshot never holds two equal ones.</summary>
    /// <param name="other">The other one; may be null.</param>
    public bool Equals(Reference? other) => other is not null && Table.Oid == other.Table.Oid && Constraints[0].Name == other.Constraints[0].Name;

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Table.Oid, Constraints[0].Name);
}
