using System.Collections.Immutable;
using Expunge.Graph;
using Expunge.Policy;
using Expunge.Postgres;

namespace Expunge.Verification;

/// <summary>Holds the catalog against the policy. Pure: what the journal adds is in <see cref="DatabaseVerifier"/>.</summary>
public static class Verifier
{
    /// <summary>Verifies every reference of the reach.</summary>
    /// <param name="decisions">The policy, held against the catalog.</param>
    public static VerifyReport Verify(Decisions decisions)
    {
        var undecided = decisions.Undecided.Select(d => d.Reference).ToHashSet();
        var findings = decisions.All.SelectMany(d => ReferenceFindings.Of(d, decisions).Concat(SuppressorFindings.Of(d, decisions)))
            .Concat(decisions.Undecided.Select(d => Undecided(d, decisions)))
            .Concat(decisions.SoftReferences.SelectMany(s => Findings(s, decisions)))
            .Concat(SuppressorFindings.OfRoot(decisions))
            .Concat(SoftSuspected(decisions))
            .Concat(TableFindings.Of(decisions))
            .Concat(OverlapFindings.Of(decisions))
            .Concat(RightFindings.Of(decisions))
            .Concat(CopyFindings.Of(decisions));
        return new VerifyReport(decisions.Policy.Root.ToString(), [.. decisions.All.Select(d => Line(d, decisions, undecided))], Sorted(findings), Groups(decisions));
    }

    /// <summary>Errors first, then by code.</summary>
    internal static ImmutableArray<Finding> Sorted(IEnumerable<Finding> findings) => [.. findings.OrderBy(f => f.Severity).ThenBy(f => f.Code, StringComparer.Ordinal)];

    private static IEnumerable<Finding> SoftSuspected(Decisions decisions) =>
        from c in SoftCandidates.Suspected(decisions)
        let name = $"{c.Table.Name.Display(decisions.Schema)}.{Identifier.Display(c.Column.Name)}"
        select new Finding(
            FindingCodes.SoftSuspected, FindingSeverity.Warning, name, $"by its name and type it holds keys of {decisions.Reach.Root.Name.Display(decisions.Schema)}, and it is neither a foreign key nor in the policy: its rows would stay",
            "expunge soft --write  if its values are keys, too");

    private static VerifyLine Line(Decision decision, Decisions decisions, HashSet<Reference> undecided)
    {
        var (reference, wanted) = (decision.Reference, decision.Wanted);
        // Of duplicates the worst is shown: it is the one that stands in the way.
        var shown = reference.Constraints.OrderBy(f => f.SameDefinition(wanted)).First();
        return new VerifyLine(
            reference.Table.Name.Display(decisions.Schema), string.Join(", ", reference.Columns), reference.ReferencedTable.Name.Display(decisions.Schema), shown.Name,
            shown.DeleteRule, wanted.DeleteRule, decisions.Reach.DepthOf(reference), shown.Validated, shown.Enforced, reference.HasIndex,
            IsAsDecided(decision) && !undecided.Contains(reference))
        { Object = reference.Display(decisions.Schema) };
    }

    private static Finding Undecided(Decision decision, Decisions decisions)
    {
        var name = decision.Reference.Display(decisions.Schema);
        return new(
            FindingCodes.Undecided, FindingSeverity.Error, name, "its rows can belong to two users, and the policy does not say what happens to them",
            $"under 'references' of the policy  {name}: cascade  (or another action; expunge init suggests), then  {ReferenceFindings.Upgrade}");
    }

    private static IEnumerable<Finding> Findings(SoftReference soft, Decisions decisions)
    {
        if (soft.Enforce) yield return new(FindingCodes.NotAsPolicy, FindingSeverity.Error, soft.Display(decisions.Schema), "the foreign key that the policy wants is missing", ReferenceFindings.Upgrade);
        if (!soft.HasIndex) yield return new(FindingCodes.MissingIndex, FindingSeverity.Warning, soft.Display(decisions.Schema), "no index leads with this column: each deletion reads the whole table", ReferenceFindings.Upgrade);
    }

    private static ImmutableArray<GroupResult> Groups(Decisions decisions)
    {
        var bad = decisions.All.Where(d => !IsAsDecided(d)).Select(d => d.Reference.Table.Name)
            .Concat(decisions.Undecided.Select(d => d.Reference.Table.Name)).Concat(decisions.SoftReferences.Where(s => s.Enforce).Select(s => s.Table.Name)).ToHashSet();
        return
        [
            .. from g in decisions.Policy.Tables
               let tables = g.Tables.Where(t => !g.Optional || decisions.Catalog.Find(t) is not null).ToList()
               where tables.Count > 0
               select new GroupResult(g.Title, tables.Count(t => decisions.Catalog.Find(t) is not null && !bad.Contains(t)), tables.Count),
        ];
    }

    private static bool IsAsDecided(Decision decision) => decision.IsFulfilled && !decision.Reference.Constraints.Any(f => f.HasDisabledTriggers);
}
