using System.Collections.Immutable;

namespace Expunge.Policy;

/// <summary>The root's columns by the part that they play in lists of subjects and in marking. It does not change what <c>upgrade</c> does, so <see cref="PolicyFile.Hash"/> leaves it out.</summary>
public sealed record SubjectColumnsPolicy
{
    /// <summary>What a list shows beside the key, in the order of the file; no column twice.</summary>
    public ImmutableArray<NamedColumn> Show { get; init; } = [];

    /// <summary>What a search looks through, no column twice; null for the text columns of <see cref="Show"/>.</summary>
    public ImmutableArray<NamedColumn>? Search { get; init; }

    /// <summary>The boolean column that marking sets to false; null when there is none.</summary>
    public NamedColumn? IsActive { get; init; }

    /// <summary>The boolean column that is the mark; null when subjects can't be marked.</summary>
    public NamedColumn? IsToBeDeleted { get; init; }

    /// <summary>The column that tells when a subject was marked; null when nothing does.</summary>
    public NamedColumn? DeleteDate { get; init; }

    internal IEnumerable<(string Mark, NamedColumn Column)> Marks =>
        new[] { (ColumnsReader.IsActive, IsActive), (ColumnsReader.IsToBeDeleted, IsToBeDeleted), (ColumnsReader.DeleteDate, DeleteDate) }
            .Where(mark => mark.Item2 is not null).Select(mark => (mark.Item1, mark.Item2!));
}
