using System.Collections.Immutable;

namespace Expunge.Verification;

/// <summary>The catalog held against the policy.</summary>
/// <param name="Root">The root table.</param>
/// <param name="Lines">One for each reference of the reach, by depth and name.</param>
/// <param name="Findings">What is not as it should be, errors first.</param>
/// <param name="Groups">The policy's groups.</param>
public sealed record VerifyReport(string Root, ImmutableArray<VerifyLine> Lines, ImmutableArray<Finding> Findings, ImmutableArray<GroupResult> Groups)
{
    /// <summary>Whether there is no finding of severity error.</summary>
    public bool Ok => Findings.All(f => f.Severity != FindingSeverity.Error);
}
