using Expunge.Catalog;
using Expunge.Graph;
using Expunge.Policy;

namespace Expunge.Verification;

/// <summary>What the deletion of rows of any table sets off as the constraints are now, whatever the policy says. Pure.</summary>
internal static class Aftermath
{
    /// <summary>The same as decisions, for what counts and follows by them: the table is the root of what goes, and each foreign key that fires does what it says.</summary>
    public static Decisions Of(Decisions decisions, Table table)
    {
        var prediction = Prediction.Of(decisions.Catalog, table);
        var firing = prediction.Effects.Where(e => e is { Event: ForeignKeyEvent.ReferencedRowDeleted, Fires: true }).GroupBy(e => e.Reference);
        return decisions with
        {
            Reach = prediction.Reach,
            // Of two on the same columns the one that deletes wins where anything does.
            All = [.. firing.Select(g => g.OrderByDescending(e => e.Deletes).First()).Select(e => new Decision(e.Reference, e.Deletes ? PolicyAction.Cascade : PolicyAction.Retain, e.Action, e.Constraint.SetColumns, DecisionSource.Existing, null))],
            SoftReferences = [],
            External = [],
            Undecided = [],
        };
    }
}
