using System.Collections.Immutable;
using Expunge.Catalog;

namespace Expunge.Verification;

/// <summary>How a row finds the row that it refers to, as SQL.</summary>
/// <param name="Table">The table of the rows that refer.</param>
/// <param name="Columns">Their columns.</param>
/// <param name="Parent">The table that they refer to.</param>
internal abstract record Link(Table Table, ImmutableArray<string> Columns, Table Parent)
{
    /// <summary>The rows that refer, for FROM.</summary>
    public abstract string From { get; }

    /// <summary>The rows that they can refer to, for FROM.</summary>
    public abstract string ParentFrom { get; }

    /// <summary>Whether one row refers to the other. The columns stand as they are wherever they can, so that indexes serve.</summary>
    /// <param name="child">The name of the row that refers.</param>
    /// <param name="parent">The name of the other.</param>
    public abstract string Match(string child, string parent);

    /// <summary>Whether a row refers at all.</summary>
    /// <param name="child">The row's name.</param>
    protected abstract string IsGiven(string child);

    /// <summary>Whether a row refers to none.</summary>
    /// <param name="child">The row's name.</param>
    public virtual string IsOrphan(string child) => $"{IsGiven(child)} AND NOT EXISTS (SELECT FROM {ParentFrom} p WHERE {Match(child, "p")})";

    /// <summary>Whether what the row holds can be a key at all; otherwise it is not shown.</summary>
    /// <param name="child">The row's name.</param>
    public virtual string IsKey(string child) => "true";
}
