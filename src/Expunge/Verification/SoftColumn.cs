using Expunge.Catalog;

namespace Expunge.Verification;

/// <summary>A column that seems to hold keys without a foreign key.</summary>
/// <param name="Table">Its table; the partitioned one of partitions.</param>
/// <param name="Column">The column.</param>
/// <param name="References">The table whose keys they are: the root, or one that loses rows with it.</param>
/// <param name="Likelihood">How likely that is.</param>
/// <param name="Evidence">What speaks for it, for people, in one line; never a value.</param>
/// <param name="RowsSampled">How many rows of the table were looked at; 0 where it is empty or was not read, and the name is all there is.</param>
/// <param name="Undeclarable">Why the policy can't declare it as a soft reference; null where it can.</param>
public sealed record SoftColumn(Table Table, Column Column, Table References, SoftLikelihood Likelihood, string Evidence, long RowsSampled, string? Undeclarable)
{
    /// <summary>Whether the policy is to declare it: strong or likely, and it can.</summary>
    public bool IsProposed => Likelihood != SoftLikelihood.Possible && Undeclarable is null;
}
