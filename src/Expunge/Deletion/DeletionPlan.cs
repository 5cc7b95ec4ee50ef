using System.Collections.Immutable;

namespace Expunge.Deletion;

/// <summary>What a deletion of any number of subjects would do. Nothing was locked or changed.</summary>
public sealed record DeletionPlan
{
    /// <summary>How many of the subjects exist; one that was named twice counts once.</summary>
    public required long Subjects { get; init; }

    /// <summary>How many do not.</summary>
    public required long NotFound { get; init; }

    /// <summary>The first of those that do not, as text, in key order; at most <see cref="DeletionPlanner.MostNamed"/>.</summary>
    public required ImmutableArray<string> FirstNotFound { get; init; }

    /// <summary>What was counted, exactly: of all subjects, or of a sample.</summary>
    public required DeletionEstimate Counted { get; init; }

    /// <summary>The subjects with very many rows, which are deleted in chunks; about how many, by the statistics. None of them is in a sample.</summary>
    public required ImmutableArray<WhaleEstimate> Whales { get; init; }

    /// <summary>References whose rows no index finds: the deletion refuses to begin.</summary>
    public required ImmutableArray<MissingIndex> MissingIndexes { get; init; }

    /// <summary>The application's triggers that fire, as <c>table.trigger (DELETE)</c>.</summary>
    public required ImmutableArray<string> Triggers { get; init; }

    /// <summary>The soft references whose rows go, too.</summary>
    public required ImmutableArray<string> SoftReferences { get; init; }

    /// <summary>The columns whose values go into the outbox, as the policy names them.</summary>
    public required ImmutableArray<string> External { get; init; }

    /// <summary>The references whose rows are retained and block, with the policy's reason, whether there are such rows or not.</summary>
    public required ImmutableArray<RetainedReference> Retained { get; init; }

    /// <summary>Why it would refuse to begin: too many subjects, a missing index, or the only subject is blocked. Of many, those that are blocked fail and the others are deleted.</summary>
    public required ImmutableArray<ExpungeException> Refusals { get; init; }

    /// <summary>Refuses as the deletion would.</summary>
    /// <exception cref="ExpungeException">The first of <see cref="Refusals"/>.</exception>
    public void ThrowIfRefused()
    {
        if (!Refusals.IsEmpty) throw Refusals[0];
    }

    /// <summary>Whether the rows were counted for every subject, rather than for some and multiplied.</summary>
    public bool IsExact => Counted.Subjects.Length == Subjects;

    /// <summary>Per table, the root first: as counted, or multiplied from the sample.</summary>
    public ImmutableArray<DeletionLine> Lines => IsExact || Counted.Subjects.IsEmpty ? Counted.Lines : [.. Counted.Lines.Select(l => l with { Deleted = Scaled(l.Deleted), Updated = Scaled(l.Updated) })];

    /// <summary>All rows that would be deleted, those of whales outside of the sample included.</summary>
    public long TotalDeleted => Lines.Sum(l => l.Deleted) + (IsExact ? 0 : Whales.Sum(w => w.Rows));

    /// <summary>All rows that would stay and lose a reference.</summary>
    public long TotalUpdated => Lines.Sum(l => l.Updated);

    private long Scaled(long rows) => (long)Math.Round((double)rows * (Subjects - Whales.Length) / Counted.Subjects.Length);
}
