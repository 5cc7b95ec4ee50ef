using System.Collections.Immutable;
using Expunge.Postgres;

namespace Expunge.Policy;

/// <summary>
/// A policy: what is to happen to each reference when a subject is deleted. The names are as written; whether they exist is for the catalog to say.
/// </summary>
/// <remarks>With <see cref="Root"/> alone it is the policy of a command that is run without a file. Compare policies by <see cref="Hash"/>.</remarks>
public sealed record PolicyFile
{
    /// <summary>The table whose rows are the subjects.</summary>
    public required QualifiedName Root { get; init; }

    /// <summary>The id under which the policy's changes are journaled. Default <c>001</c>.</summary>
    public string Revision { get; init; } = "001";

    /// <summary>What the revision is called. Default <c>delete_</c> and the root table's name.</summary>
    public string Name { get => field ?? $"delete_{Root.Name}"; init; }

    /// <summary>What happens to a reference that is not named: <see cref="PolicyAction.Cascade"/> (the default) or <see cref="PolicyAction.Keep"/>.</summary>
    public PolicyAction Default { get; init; } = PolicyAction.Cascade;

    /// <summary>The root's columns by their part in lists and marking; null when the policy says nothing of them.</summary>
    public SubjectColumnsPolicy? Columns { get; init; }

    /// <summary>The named references in the order of the file; no key twice.</summary>
    public ImmutableArray<ReferencePolicy> References { get; init; } = [];

    /// <summary>The soft references in the order of the file; no column twice.</summary>
    public ImmutableArray<SoftReferencePolicy> SoftReferences { get; init; } = [];

    /// <summary>The columns whose values go into the outbox when their rows are deleted, in the order of the file; no column twice.</summary>
    public ImmutableArray<ExternalColumnPolicy> External { get; init; } = [];

    /// <summary>The expected tables in groups, for reports; no table twice.</summary>
    public ImmutableArray<TableGroup> Tables { get; init; } = [];

    /// <summary>How old the last recorded backup may be before anything is deleted or changed; null when none is required.</summary>
    public TimeSpan? RequireBackup { get; init; }

    /// <summary>How long a subject stays marked before <c>delete --marked</c> takes it; null for no time at all.</summary>
    public TimeSpan? GracePeriod { get; init; }

    /// <summary>How many subjects one deletion may have unless the caller allows more; null for any number. At least 1.</summary>
    public int? MaxSubjects { get; init; }

    /// <summary>Where the policy was read from, as the user gave it; null when it was not read from a file.</summary>
    public string? Path { get; init; }

    /// <summary>
    /// SHA-256 in lower-case hex over what the policy does: root, default, references, soft references and external columns. The same for a policy that differs only
    /// in comments, order, quoting, reasons, columns, groups, limits, revision or name.
    /// </summary>
    public string Hash => PolicyHash.Of(this);
}
