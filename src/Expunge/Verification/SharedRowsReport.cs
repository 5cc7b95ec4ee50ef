using System.Collections.Immutable;

namespace Expunge.Verification;

/// <summary>Rows in the reach of more than one subject.</summary>
/// <param name="Root">The root table.</param>
/// <param name="Pairs">Each pair of ways by which a table's rows are found, by table.</param>
public sealed record SharedRowsReport(string Root, ImmutableArray<SharedPair> Pairs)
{
    /// <summary>Whether each pair that has such rows, or may have, is decided.</summary>
    public bool Ok => Pairs.All(p => p.IsDecided || p.Rows == 0);
}
