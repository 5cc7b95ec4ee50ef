using System.Collections.Immutable;
using Expunge.Policy;

namespace Expunge.Pictures;

/// <summary>A reference of a <see cref="Picture"/>: an edge from the table that refers to the table that it refers to. A deletion goes the other way.</summary>
public sealed record PictureReference
{
    /// <summary>The <see cref="PictureTable.Name"/> of the referencing table.</summary>
    public required string Table { get; init; }

    /// <summary>The <see cref="PictureTable.Name"/> of the table whose deleted rows concern it.</summary>
    public required string ReferencedTable { get; init; }

    /// <summary>The table that the foreign key names, where that is another one that shares rows with <see cref="ReferencedTable"/>: a partition, or the partitioned table above. Null for most.</summary>
    public string? Through { get; init; }

    /// <summary>The referencing columns.</summary>
    public required ImmutableArray<string> Columns { get; init; }

    /// <summary>The referenced columns, each at the place of its referencing one.</summary>
    public required ImmutableArray<string> ReferencedColumns { get; init; }

    /// <summary>The foreign keys that declare it now, by name; empty for a soft reference.</summary>
    public ImmutableArray<PictureConstraint> Constraints { get; init; } = [];

    /// <summary>What is to happen to its rows; <see cref="PolicyAction.Cascade"/> for a soft reference.</summary>
    public required PolicyAction Action { get; init; }

    /// <summary>The key of the subject that takes the rows; non-null exactly for <see cref="PolicyAction.Reassign"/>.</summary>
    public string? ReassignTo { get; init; }

    /// <summary>The delete rule that is wanted; null for a soft reference that is to stay one.</summary>
    public string? Wanted { get; init; }

    /// <summary>The policy's reason; null where it gives none.</summary>
    public string? Reason { get; init; }

    /// <summary>Whether its rows are deleted when everything is as the policy says.</summary>
    public required bool Deletes { get; init; }

    /// <summary>Whether rows that refer refuse a deletion as the constraints are now, wanted or not. Not those that are reassigned: a deletion moves them first.</summary>
    public bool Blocks { get; init; }

    /// <summary>Whether what is declared is what is wanted.</summary>
    public required bool IsAsPolicy { get; init; }

    /// <summary>Whether it is shared and the policy does not name it.</summary>
    public bool IsUndecided { get; init; }

    /// <summary>Whether an index finds its rows.</summary>
    public required bool HasIndex { get; init; }

    /// <summary>Whether it is a column without a foreign key.</summary>
    public bool IsSoft => Constraints.IsEmpty;
}
