using System.Collections.Immutable;
using Expunge.Catalog;
using Expunge.Graph;

namespace Expunge.Policy;

/// <summary>What is to happen to one reference.</summary>
/// <param name="Reference">The reference.</param>
/// <param name="Action">The action.</param>
/// <param name="OnDelete">The ON DELETE that the constraint is to have.</param>
/// <param name="SetColumns">The column list of SET NULL or SET DEFAULT; empty for all columns.</param>
/// <param name="Source">Who decided.</param>
/// <param name="Reason">The policy's reason; null where it gives none.</param>
public sealed record Decision(Reference Reference, PolicyAction Action, ReferentialAction OnDelete, ImmutableArray<string> SetColumns, DecisionSource Source, string? Reason)
{
    /// <summary>The foreign key that is to be there: the best of those that are, with the decided action.</summary>
    public ForeignKey Wanted
    {
        get
        {
            if (Action == PolicyAction.Keep) return Reference.Constraints[0];
            var wanted = Reference.Constraints.Select(f => f with { OnDelete = OnDelete, SetColumns = SetColumns, Validated = true, Enforced = true, TriggerStates = [] });
            return wanted.Zip(Reference.Constraints).OrderByDescending(p => p.First.SameDefinition(p.Second)).ThenByDescending(p => p.Second.Validated).First().First;
        }
    }

    /// <summary>The key of the subject that takes the rows, as the policy writes it; non-null exactly for <see cref="PolicyAction.Reassign"/>.</summary>
    public string? ReassignTo { get; init; }

    /// <summary>Whether it deletes the referring rows.</summary>
    public bool Deletes => Action == PolicyAction.Cascade || (Action == PolicyAction.Keep && Reference.Constraints.Any(f => f.OnDelete == ReferentialAction.Cascade));

    /// <summary>Whether rows that refer to a deleted row keep it from being deleted. Not those that are reassigned: a deletion moves them first.</summary>
    public bool Blocks => Action != PolicyAction.Reassign && OnDelete != ReferentialAction.Cascade && !Reference.CanBeSet(OnDelete, SetColumns);

    /// <summary>Whether what is declared today is what is decided.</summary>
    public bool IsFulfilled => Action == PolicyAction.Keep
        ? Source != DecisionSource.Existing || Reference.Constraints.All(f => f.Enforced)
        : Reference.Constraints.Length == 1 && Reference.Constraints[0].SameDefinition(Wanted) && Reference.Constraints[0].Validated;
}
