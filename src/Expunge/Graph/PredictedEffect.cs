using System.Collections.Immutable;
using Expunge.Catalog;

namespace Expunge.Graph;

/// <summary>What one foreign key does in a DELETE when something happens to a row that it refers to, or to its own.</summary>
/// <param name="Reference">The reference that the foreign key declares.</param>
/// <param name="Constraint">The foreign key; of duplicates each acts on its own.</param>
/// <param name="Event">What happens first.</param>
/// <param name="Action">What the foreign key then does: ON DELETE, ON UPDATE, or the check of a changed row, which is <see cref="ReferentialAction.NoAction"/>.</param>
/// <param name="Columns">The columns of the referencing row that it sets; empty where it deletes the row, refuses, or does nothing.</param>
/// <param name="Refusals">Why it can refuse the DELETE.</param>
public sealed record PredictedEffect(
    Reference Reference, ForeignKey Constraint, ForeignKeyEvent Event, ReferentialAction Action, ImmutableArray<string> Columns, ImmutableArray<RefusalReason> Refusals)
{
    /// <summary>Whether it does anything: it doesn't where it is NOT ENFORCED, or its trigger disabled.</summary>
    public bool Fires => Constraint.Fires(Event);

    /// <summary>Whether it deletes the referencing rows.</summary>
    public bool Deletes => Fires && Event == ForeignKeyEvent.ReferencedRowDeleted && Action == ReferentialAction.Cascade;

    /// <summary>Whether it changes the referencing rows: to NULL, to their default, or by ON UPDATE CASCADE to the new key.</summary>
    public bool Sets => !Columns.IsEmpty;

    /// <summary>Whether any row that refers when its turn comes refuses the DELETE. The other <see cref="Refusals"/> depend on what the rows hold.</summary>
    public bool Blocks => Action != ReferentialAction.Cascade && Refusals.Any(r => r is RefusalReason.NoAction or RefusalReason.Restrict or RefusalReason.CanNotBeNull);

    /// <summary>Whether it waits until the transaction ends, when all actions are done: a NO ACTION or a check that is INITIALLY DEFERRED.</summary>
    public bool IsDeferred => Constraint.InitiallyDeferred && Action == ReferentialAction.NoAction;

    /// <summary>Whether its turn matters, and so the name of its trigger: the rows can be deleted, or set, by another action, before or after.</summary>
    public bool DependsOnOrder { get; init; }
}
