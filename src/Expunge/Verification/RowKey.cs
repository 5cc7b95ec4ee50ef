using System.Collections.Immutable;

namespace Expunge.Verification;

/// <summary>A key as text: the primary key of a row, or the key that a row refers to. Nothing else of a row is ever shown.</summary>
/// <param name="Columns">The columns; where a table has no primary key its <c>ctid</c>, and of a partitioned one the partition.</param>
/// <param name="Values">Their values, each at the place of its column; null for NULL, and for a value that is no key and so is not shown.</param>
public sealed record RowKey(ImmutableArray<string> Columns, ImmutableArray<string?> Values)
{
    /// <summary><c>id = 7</c>, or <c>(a, b) = (1, NULL)</c>.</summary>
    public override string ToString() => Columns.Length == 1 ? $"{Columns[0]} = {Shown(Values[0])}" : $"({string.Join(", ", Columns)}) = ({string.Join(", ", Values.Select(Shown))})";

    private static string Shown(string? value) => value ?? "NULL";
}
