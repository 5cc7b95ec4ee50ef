using System.Runtime.InteropServices;

namespace Expunge.Policy;

/// <summary>A place in the policy file, as editors count it.</summary>
/// <param name="Line">The line, from 1.</param>
/// <param name="Column">The column in UTF-16 code units, from 1.</param>
[StructLayout(LayoutKind.Auto)]
public readonly record struct SourceLocation(int Line, int Column) : IComparable<SourceLocation>
{
    /// <inheritdoc/>
    public int CompareTo(SourceLocation other) => (Line, Column).CompareTo((other.Line, other.Column));

    /// <summary><c>line:column</c>.</summary>
    public override string ToString() => $"{Line}:{Column}";
}
