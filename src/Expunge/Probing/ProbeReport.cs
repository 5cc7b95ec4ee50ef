using System.Collections.Immutable;

namespace Expunge.Probing;

/// <summary>What a probe showed. Everything that it did was rolled back.</summary>
/// <param name="Root">The root table.</param>
/// <param name="Lines">The root, then each reference of the reach by depth, then the soft references.</param>
/// <param name="Rows">How many rows were made in all, those of the second subject and those that they need included.</param>
/// <param name="Deleted">How many of them the deletion deleted.</param>
/// <param name="Others">How many rows of the second subject, or of nobody, were made and had to stay.</param>
/// <param name="Lost">What became of rows that had to stay and did not; empty when none was lost.</param>
/// <param name="Refusal">Why the deletion was refused; null when it was done.</param>
/// <param name="Sequences">The sequences that gave numbers, which a rollback does not give back.</param>
public sealed record ProbeReport(string Root, ImmutableArray<ProbeLine> Lines, int Rows, long Deleted, int Others, ImmutableArray<string> Lost, string? Refusal, ImmutableArray<string> Sequences)
{
    /// <summary>Whether nothing failed. What could not be probed says nothing against it.</summary>
    public bool Ok => Refusal is null && Lost.IsEmpty && !Lines.Any(l => l.State == ProbeState.Failed);

    /// <summary>Whether every reference was probed.</summary>
    public bool Complete => !Lines.Any(l => l.State == ProbeState.NotProbed);
}
