using System.Collections.Immutable;
using System.Text.Json.Serialization;

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

    /// <summary>The sum, in one sentence.</summary>
    [JsonIgnore]
    public string Summary
    {
        get
        {
            var errors = Findings.Count(f => f.Severity == FindingSeverity.Error);
            var good = Lines.Count(l => l.Ok);
            if (Ok) return $"{good} of {Lines.Length} references to {Root} are as the policy says.";
            // An error can be about something else than a reference, such as a missing right.
            var (count, not) = good == Lines.Length ? (good, "") : (Lines.Length - good, "not ");
            return $"{count} of {Lines.Length} references to {Root} are {not}as the policy says; {errors} error{(errors == 1 ? "" : "s")}.";
        }
    }
}
