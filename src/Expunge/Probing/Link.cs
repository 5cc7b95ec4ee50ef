using System.Collections.Immutable;
using Expunge.Catalog;
using Expunge.Graph;
using Expunge.Policy;

namespace Expunge.Probing;

/// <summary>A foreign key or a soft reference, as one way from a row to another.</summary>
/// <param name="Table">The referencing table.</param>
/// <param name="Columns">Its columns.</param>
/// <param name="Target">The referenced table.</param>
/// <param name="TargetColumns">Its columns, each at the place of its referencing one.</param>
/// <param name="IsMandatory">Whether every row must have it.</param>
/// <param name="IsMatchFull">Whether its columns must be NULL all or none.</param>
internal sealed record Link(Table Table, ImmutableArray<string> Columns, Table Target, ImmutableArray<string> TargetColumns, bool IsMandatory, bool IsMatchFull)
{
    /// <summary>Whether the referenced row may come later in the transaction.</summary>
    public bool IsDeferred { get; init; }

    public static Link Of(Reference reference) => new(
        reference.Table, reference.Columns, reference.ReferencedTable, reference.ReferencedColumns, reference.Columns.All(c => reference.Table.Column(c)!.NotNull), reference.IsMatchFull)
    { IsDeferred = reference.Constraints.All(f => f.InitiallyDeferred) };

    public static Link Of(SoftReference soft, Table root) => new(soft.Table, [soft.Column.Name], root, root.PrimaryKey, soft.Column.NotNull, IsMatchFull: false);

    /// <summary>The referencing columns with the values of the row that they are to refer to.</summary>
    public Dictionary<string, string?> To(ProbeRow row) => Columns.Zip(TargetColumns).ToDictionary(p => p.First, p => row.Values.GetValueOrDefault(p.Second), StringComparer.Ordinal);

    /// <summary>What the referenced row must have, as far as the referencing one has decided.</summary>
    public Dictionary<string, string?> Wanted(ProbeRow row) =>
        Columns.Zip(TargetColumns).Where(p => row.Values.GetValueOrDefault(p.First) is not null).DistinctBy(p => p.Second).ToDictionary(p => p.Second, p => row.Values[p.First], StringComparer.Ordinal);

    /// <summary>Whether a row refers to another by it.</summary>
    public bool Holds(ProbeRow from, ProbeRow to) => Columns.Zip(TargetColumns).All(p => from.Values.GetValueOrDefault(p.First) is { } value && value == to.Values.GetValueOrDefault(p.Second));
}
