using System.Collections.Immutable;
using Expunge.Catalog;
using Expunge.Graph;
using Expunge.Policy;
using Expunge.Postgres;

namespace Expunge.Verification;

/// <summary>Holds the catalog against the policy. Pure.</summary>
public static class Verifier
{
    /// <summary>Verifies every reference of the reach.</summary>
    /// <param name="decisions">The policy, held against the catalog.</param>
    public static VerifyReport Verify(Decisions decisions)
    {
        var lines = decisions.All.Select(d => Line(d, decisions)).ToImmutableArray();
        var findings = decisions.All.SelectMany(d => Findings(d, decisions))
            .Concat(decisions.Undecided.Select(d => new Finding(
                FindingCodes.Undecided, FindingSeverity.Error, Name(d, decisions), "its rows can belong to two users, and the policy does not say what happens to them", "name it under 'references'; expunge init suggests")))
            .Concat(decisions.SoftReferences.SelectMany(s => Findings(s, decisions)))
            .Concat(decisions.Reach.Root.DeleteSuppressors.Select(s => new Finding(
                FindingCodes.Suppressor, FindingSeverity.Warning, decisions.Reach.Root.Name.Display(decisions.Schema), $"{s} could keep a row of the root itself from being deleted", "expunge delete looks whether it is gone, and rolls back if not")))
            .Concat(Unidentified(decisions))
            .Concat(decisions.Catalog.ForeignKeys.Where(f => f.Name.StartsWith(ReferenceGraph.TemporaryPrefix, StringComparison.Ordinal)).Select(f => new Finding(
                FindingCodes.Duplicate, FindingSeverity.Error, f.Table.Display(decisions.Schema), $"{f.Name} ({f.DeleteRule}) was left by an interrupted upgrade and acts beside the other", "expunge upgrade")))
            .Concat(Missing(decisions));
        return new VerifyReport(decisions.Policy.Root.ToString(), lines, [.. findings.OrderBy(f => f.Severity).ThenBy(f => f.Code, StringComparer.Ordinal)], Groups(decisions));
    }

    private static VerifyLine Line(Decision decision, Decisions decisions)
    {
        var reference = decision.Reference;
        // Of duplicates the worst is shown: it is the one that stands in the way.
        var shown = reference.Constraints.OrderBy(f => f.SameDefinition(decision.Wanted)).First();
        return new VerifyLine(
            reference.Table.Name.Display(decisions.Schema), string.Join(", ", reference.Columns), reference.ReferencedTable.Name.Display(decisions.Schema), shown.Name,
            shown.DeleteRule, decision.Wanted.DeleteRule, decisions.Reach.DepthOf(reference), shown.Validated, shown.Enforced, reference.HasIndex,
            decision.IsFulfilled && !reference.Constraints.Any(f => f.HasDisabledTriggers) && !decisions.Undecided.Contains(decision));
    }

    private static IEnumerable<Finding> Findings(Decision decision, Decisions decisions)
    {
        var (reference, name) = (decision.Reference, Name(decision, decisions));
        var keep = decision.Action == PolicyAction.Keep;
        if (reference.Constraints.Length > 1)
        {
            yield return new(FindingCodes.Duplicate, keep ? FindingSeverity.Warning : FindingSeverity.Error, name, $"{reference.Constraints.Length} foreign keys on the same columns: {string.Join(", ", reference.Constraints.Select(f => $"{f.Name} ({f.DeleteRule})"))}", "expunge upgrade");
        }

        foreach (var constraint in reference.Constraints)
        {
            if (!keep && (constraint.OnDelete != decision.Wanted.OnDelete || constraint.DeleteRule != decision.Wanted.DeleteRule))
            {
                yield return new(FindingCodes.NotAsPolicy, FindingSeverity.Error, name, $"{constraint.Name} is ON DELETE {constraint.DeleteRule}, wanted is {decision.Wanted.DeleteRule}", $"expunge upgrade, or, where a lock is no matter,  {Replace(constraint, decision.Wanted)}");
            }

            if (!constraint.Enforced) yield return new(FindingCodes.NotEnforced, FindingSeverity.Error, name, $"{constraint.Name} is NOT ENFORCED: nothing happens to its rows", "expunge upgrade");
            else if (!constraint.Validated) yield return new(FindingCodes.NotValidated, keep ? FindingSeverity.Warning : FindingSeverity.Error, name, $"{constraint.Name} is NOT VALID: existing rows were never checked", "expunge upgrade");
            if (constraint.HasDisabledTriggers) yield return new(FindingCodes.TriggersDisabled, FindingSeverity.Error, name, $"a trigger of {constraint.Name} is disabled: nothing happens to its rows", $"ALTER TABLE … ENABLE TRIGGER ALL on {reference.Table} and {reference.ReferencedTable}");
        }

        if (!reference.HasIndex) yield return new(FindingCodes.MissingIndex, FindingSeverity.Warning, name, "no index leads with its columns: each deleted row reads the whole table", "expunge upgrade");
        if (decision.Action == PolicyAction.Retain) yield return new(FindingCodes.Retained, FindingSeverity.Warning, name, $"its rows stay and block the deletion: {decision.Reason}", "nothing, if that is meant");
        var sets = decision.OnDelete is ReferentialAction.SetNull or ReferentialAction.SetDefault;
        foreach (var suppressor in decision.Deletes ? reference.Table.DeleteSuppressors : sets ? reference.Table.UpdateSuppressors : [])
        {
            yield return new(FindingCodes.Suppressor, FindingSeverity.Warning, name, $"{suppressor} could keep {decision.Wanted.DeleteRule} from taking effect", "expunge delete counts what is left, and rolls back if anything is");
        }

        foreach (var check in sets ? reference.Table.Checks.Where(c => c.Columns.Intersect(reference.Columns).Any()) : [])
        {
            yield return new(FindingCodes.CheckMayRefuse, FindingSeverity.Warning, name, $"CHECK {check.Name} reads the column that {decision.Wanted.DeleteRule} changes and may refuse it", "try it with a test user in a transaction that you roll back");
        }
    }

    private static string Replace(ForeignKey constraint, ForeignKey wanted) =>
        $"ALTER TABLE {constraint.Table.Sql} DROP CONSTRAINT {Identifier.Quote(constraint.Name)}, ADD CONSTRAINT {Identifier.Quote(wanted.Name)} {wanted.Clause}";

    private static IEnumerable<Finding> Findings(SoftReference soft, Decisions decisions)
    {
        if (soft.Enforce) yield return new(FindingCodes.NotAsPolicy, FindingSeverity.Error, soft.Display(decisions.Schema), "the foreign key that the policy wants is missing", "expunge upgrade");
        if (!soft.HasIndex) yield return new(FindingCodes.MissingIndex, FindingSeverity.Warning, soft.Display(decisions.Schema), "no index leads with this column: each deletion reads the whole table", "expunge upgrade");
    }

    private static IEnumerable<Finding> Unidentified(Decisions decisions) =>
        from table in decisions.All.Where(d => !d.Blocks).Select(d => d.Reference.Table).Append(decisions.Reach.Root).SelectMany(decisions.Catalog.LeavesOf).DistinctBy(t => t.Oid)
        where !table.UnidentifiedIn.IsEmpty
        select new Finding(
            FindingCodes.NoReplicaIdentity, FindingSeverity.Warning, table.Name.Display(decisions.Schema), $"it is published by {string.Join(", ", table.UnidentifiedIn)} and has no replica identity: PostgreSQL refuses to delete or change its rows",
            $"give it a primary key, or  ALTER TABLE {table.Name.Sql} REPLICA IDENTITY FULL");

    private static IEnumerable<Finding> Missing(Decisions decisions) =>
        from t in decisions.MissingTables
        where !decisions.Policy.Tables.Any(g => g.Optional && g.Tables.Contains(t))
        select new Finding(FindingCodes.MissingTable, FindingSeverity.Warning, t.Display(decisions.Schema), "the policy expects this table and it does not exist", "remove it from 'tables', or mark its group 'optional: true'");

    private static ImmutableArray<GroupResult> Groups(Decisions decisions)
    {
        var bad = decisions.All.Where(d => !d.IsFulfilled || d.Reference.Constraints.Any(f => f.HasDisabledTriggers)).Select(d => d.Reference.Table.Name)
            .Concat(decisions.Undecided.Select(d => d.Reference.Table.Name)).Concat(decisions.SoftReferences.Where(s => s.Enforce).Select(s => s.Table.Name)).ToHashSet();
        return
        [
            .. from g in decisions.Policy.Tables
               let tables = g.Tables.Where(t => !g.Optional || decisions.Catalog.Find(t) is not null).ToList()
               where tables.Count > 0
               select new GroupResult(g.Title, tables.Count(t => decisions.Catalog.Find(t) is not null && !bad.Contains(t)), tables.Count),
        ];
    }

    private static string Name(Decision decision, Decisions decisions) => decision.Reference.Display(decisions.Schema);
}
