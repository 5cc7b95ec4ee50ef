using System.Collections.Immutable;
using Expunge.Catalog;
using Expunge.Graph;
using Expunge.Policy;
using Expunge.Postgres;

namespace Expunge.Verification;

/// <summary>
/// Foreign keys of one table to the same table on overlapping columns that get into each other's way. Where both always name the same row, the one whose trigger's name comes first decides what happens to it.
/// Where they can name different rows, as the author's and the editor's beside a common tenant do, it matters only that one may empty a column of the other. Pure.
/// </summary>
internal static class OverlapFindings
{
    public static IEnumerable<Finding> Of(Decisions decisions) =>
        from table in decisions.All.GroupBy(d => (d.Reference.Table.Oid, d.Reference.ReferencedTable.Oid))
        let several = table.ToList()
        from first in several.Index()
        from second in several.Skip(first.Index + 1)
        where first.Item.Reference.Columns.Intersect(second.Reference.Columns).Any() && !first.Item.Reference.Columns.ToHashSet().SetEquals(second.Reference.Columns)
        from finding in Of(first.Item, second, decisions)
        select finding;

    private static IEnumerable<Finding> Of(Decision one, Decision other, Decisions decisions)
    {
        var pairs = from a in one.Reference.Constraints from b in other.Reference.Constraints where Fires(a) && Fires(b) select (a, b);
        var common = Pairs(one.Reference).Intersect(Pairs(other.Reference)).Select(p => p.Referenced).ToHashSet();
        var sameRow = common.Count == Math.Min(one.Reference.Columns.Length, other.Reference.Columns.Length) || one.Reference.ReferencedTable.Indexes.Any(i => i is { IsUnique: true, IsValid: true, Predicate: null } && i.Columns.All(c => c is not null && common.Contains(c)));
        foreach (var (a, b) in pairs)
        {
            if (sameRow && Effect(a) != Effect(b))
            {
                // A check that waits until the end finds what the other has left: that is the same in any order.
                var waits = a is { OnDelete: ReferentialAction.NoAction, InitiallyDeferred: true } || b is { OnDelete: ReferentialAction.NoAction, InitiallyDeferred: true };
                yield return new(
                    FindingCodes.Overlap, waits ? FindingSeverity.Warning : FindingSeverity.Error, one.Reference.Display(decisions.Schema),
                    $"{a.Name} ({a.DeleteRule}) and {b.Name} ({b.DeleteRule}) on {string.Join(", ", other.Reference.Columns)} refer to the same row: {(waits ? "the deletion is refused at its end unless the other has removed the row" : $"{First(a, b).Name} acts first, because of its trigger's name, and decides what happens")}",
                    Repair(one, other, decisions));
            }

            foreach (var (decision, setter, beside, loser) in sameRow ? [] : new[] { (one, a, other, b), (other, b, one, a) })
            {
                if (Emptied(decision, setter, beside) is not { } emptied) continue;
                yield return new(
                    FindingCodes.Overlap, FindingSeverity.Warning, decision.Reference.Display(decisions.Schema),
                    $"{setter.Name} is ON DELETE {setter.DeleteRule} and changes {emptied}, which is part of {loser.Name} on {string.Join(", ", loser.Columns)}: the row loses that reference, too",
                    Narrow(decision, setter, loser, decisions));
            }
        }
    }

    private static bool Fires(ForeignKey constraint) => constraint.Fires(ForeignKeyEvent.ReferencedRowDeleted);

    private static IEnumerable<(string Column, string Referenced)> Pairs(Reference reference) => reference.Columns.Zip(reference.ReferencedColumns);

    /// <summary>What becomes of the row; both kinds of refusal are the same.</summary>
    private static ReferentialAction Effect(ForeignKey constraint) => constraint.OnDelete == ReferentialAction.Restrict ? ReferentialAction.NoAction : constraint.OnDelete;

    private static string? Emptied(Decision setter, ForeignKey constraint, Decision loser) =>
        constraint.OnDelete is ReferentialAction.SetNull or ReferentialAction.SetDefault && setter.Reference.CanBeSet(constraint.OnDelete, constraint.SetColumns)
            ? (constraint.SetColumns.IsEmpty ? constraint.Columns : constraint.SetColumns).Intersect(loser.Reference.Columns).FirstOrDefault() : null;

    private static ForeignKey First(ForeignKey a, ForeignKey b)
    {
        var (ofA, ofB) = (Trigger(a), Trigger(b));
        return ofA is null || ofB is null || string.CompareOrdinal(ofA, ofB) < 0 ? a : b;

        static string? Trigger(ForeignKey f) => f.Triggers.Where(t => t.Event == ForeignKeyEvent.ReferencedRowDeleted).Select(t => t.Name).Min(StringComparer.Ordinal);
    }

    private static string Repair(Decision one, Decision other, Decisions decisions) => one.Wanted.OnDelete == other.Wanted.OnDelete && (one, other) is not ({ Action: PolicyAction.Keep, Source: not DecisionSource.Existing }, { Action: PolicyAction.Keep, Source: not DecisionSource.Existing })
        ? ReferenceFindings.Upgrade
        : $"the same action for {one.Reference.Display(decisions.Schema)} and {other.Reference.Display(decisions.Schema)} under 'references' of the policy, then  {ReferenceFindings.Upgrade}";

    private static string Narrow(Decision decision, ForeignKey setter, ForeignKey loser, Decisions decisions)
    {
        var name = decision.Reference.Display(decisions.Schema);
        var own = setter.Columns.Except(loser.Columns).ToImmutableArray();
        if (decisions.Catalog.Server.Major < 15 || own.IsEmpty || setter.MatchFull) return $"another action for {name} in the policy, then  {ReferenceFindings.Upgrade}";
        var (table, constraint) = (setter.Table.Sql, Identifier.Quote(setter.Name));
        var keep = decision.Source == DecisionSource.Existing || decision.Action == PolicyAction.Keep ? "" : $"under 'references' of the policy  {name}: keep,  and  ";
        return $"{keep}ALTER TABLE {table} DROP CONSTRAINT {constraint}, ADD CONSTRAINT {constraint} {(setter with { SetColumns = own }).Clause};";
    }
}
