using System.Collections.Immutable;
using Expunge.Catalog;

namespace Expunge.Graph;

/// <summary>
/// What <c>DELETE</c> of a row of the root does as the catalog is now, whatever a policy says: which tables lose rows, which columns are set, what can refuse it and why. Pure: no I/O.
/// </summary>
/// <remarks>
/// PostgreSQL queues the triggers of each deleted or changed row in the order of their names, and works the queue off first in, first out, at the end of the statement; those of rows that an action deletes or
/// changes come last. NO ACTION and RESTRICT look when their turn comes, or, INITIALLY DEFERRED, when the transaction ends. The names are in <see cref="ForeignKey.Triggers"/>.
/// </remarks>
public sealed record Prediction
{
    private Prediction(Reach reach, ImmutableArray<PredictedEffect> effects)
    {
        Reach = reach;
        Effects = effects;
    }

    /// <summary>The tables that lose rows, with the ways to them.</summary>
    public Reach Reach { get; }

    /// <summary>What every foreign key does that can be concerned, those that do nothing included: first what deleted rows set off, by depth and name, then what changed rows do.</summary>
    public ImmutableArray<PredictedEffect> Effects { get; }

    /// <summary>The references by which rows refuse the DELETE, unless they go before in another way.</summary>
    public IEnumerable<Reference> Blocking => Effects.Where(e => e.Blocks).Select(e => e.Reference).Distinct();

    /// <summary>Follows a DELETE through the foreign keys.</summary>
    /// <param name="catalog">What the database has.</param>
    /// <param name="root">The table whose row is deleted.</param>
    public static Prediction Of(CatalogSnapshot catalog, Table root)
    {
        var graph = new ReferenceGraph(catalog);
        var reach = Reach.Of(graph, root, r => r.Constraints.Any(f => f.OnDelete == ReferentialAction.Cascade && f.Fires(ForeignKeyEvent.ReferencedRowDeleted)));
        var effects = reach.References.SelectMany(r => r.Constraints.Select(f => Effect(r, f, ForeignKeyEvent.ReferencedRowDeleted, f.OnDelete, f.SetColumns.IsEmpty ? f.Columns : f.SetColumns))).ToList();
        AddKeyChanges(graph, effects);
        AddChecks(graph, effects);
        return new Prediction(reach, [.. effects.Select(e => e with { DependsOnOrder = DependsOnOrder(graph, e, effects) })]);
    }

    // A column that is set can be part of a key that others refer to, whose ON UPDATE then sets columns in turn. Columns are only added, so this ends.
    private static void AddKeyChanges(ReferenceGraph graph, List<PredictedEffect> effects)
    {
        for (var queue = new Queue<PredictedEffect>(effects.Where(e => e.Sets)); queue.TryDequeue(out var change);)
        {
            foreach (var (reference, constraint) in graph.To(change.Reference.Table).SelectMany(r => r.Constraints.Select(f => (r, f))))
            {
                var changed = constraint.Columns.Where((_, i) => change.Columns.Contains(constraint.ReferencedColumns[i])).ToList();
                if (changed.Count == 0) continue;
                var known = effects.FindIndex(e => e.Constraint == constraint && e.Event == ForeignKeyEvent.ReferencedKeyChanged);
                var effect = Effect(
                    reference, constraint, ForeignKeyEvent.ReferencedKeyChanged, constraint.OnUpdate,
                    constraint.OnUpdate == ReferentialAction.Cascade ? [.. changed.Union(known < 0 ? [] : effects[known].Columns)] : constraint.Columns);
                if (known >= 0 && effects[known].Columns.Length == effect.Columns.Length) continue;
                if (known >= 0) effects[known] = effect;
                else effects.Add(effect);
                if (effect.Sets) queue.Enqueue(effect);
            }
        }
    }

    // A changed row is checked against the foreign keys whose columns changed, and when it is changed twice in one transaction against all (ri_triggers.c, RI_FKey_fk_upd_check_required).
    private static void AddChecks(ReferenceGraph graph, List<PredictedEffect> effects)
    {
        foreach (var changes in effects.Where(e => e.Sets).ToLookup(e => graph.TreeOf(e.Reference.Table)))
        {
            var twice = changes.Count() > 1 || changes.Any(e => e.Event == ForeignKeyEvent.ReferencedKeyChanged || e.Action == ReferentialAction.SetDefault);
            foreach (var reference in graph.References.Where(r => graph.TreeOf(r.Table) == changes.Key))
            {
                var set = reference.Columns.Intersect(changes.First().Columns).Count();
                effects.AddRange(reference.Constraints.Where(f => twice || (f.MatchFull && set > 0 && set < f.Columns.Length)).Select(f => Effect(reference, f, ForeignKeyEvent.RowChanged, ReferentialAction.NoAction, [])));
            }
        }
    }

    private static PredictedEffect Effect(Reference reference, ForeignKey constraint, ForeignKeyEvent happened, ReferentialAction action, ImmutableArray<string> columns)
    {
        var fires = constraint.Fires(happened);
        var sets = action is ReferentialAction.SetNull or ReferentialAction.SetDefault || (action == ReferentialAction.Cascade && happened == ForeignKeyEvent.ReferencedKeyChanged);
        if (!fires || !sets) columns = [];
        return new PredictedEffect(reference, constraint, happened, action, columns, fires ? [.. Refusals(reference, happened, action, columns)] : []);
    }

    private static IEnumerable<RefusalReason> Refusals(Reference reference, ForeignKeyEvent happened, ReferentialAction action, ImmutableArray<string> columns)
    {
        var table = reference.Table;
        if (happened == ForeignKeyEvent.RowChanged) yield return RefusalReason.CheckedAgain;
        else if (action == ReferentialAction.NoAction) yield return RefusalReason.NoAction;
        else if (action == ReferentialAction.Restrict) yield return RefusalReason.Restrict;
        if (columns.IsEmpty) yield break;

        if (action == ReferentialAction.Cascade
                ? reference.Columns.Zip(reference.ReferencedColumns).Any(c => columns.Contains(c.First) && table.Column(c.First) is { NotNull: true } && reference.ReferencedTable.Column(c.Second) is { CanBeNull: true })
                : !reference.CanBeSet(action, columns)) yield return RefusalReason.CanNotBeNull;
        if (action == ReferentialAction.SetDefault && columns.Any(c => table.Column(c) is { HasDefault: true })) yield return RefusalReason.DefaultMayBeMissing;
        if (table.Checks.Any(c => c.Columns.Intersect(columns).Any())) yield return RefusalReason.CheckConstraint;
        // NULLs differ from each other in an index, but a condition can read the column.
        if (table.Indexes.Any(i => i.IsUnique && columns.Any(c => (action != ReferentialAction.SetNull && i.Columns.Contains(c)) || i.Predicate?.Contains(c, StringComparison.Ordinal) == true))) yield return RefusalReason.UniqueIndex;
    }

    private static bool DependsOnOrder(ReferenceGraph graph, PredictedEffect effect, List<PredictedEffect> all)
    {
        if (!effect.Fires || effect.Deletes || effect.IsDeferred) return false;
        return IsTouched(effect.Reference.Table) || (effect.Event == ForeignKeyEvent.RowChanged && IsTouched(effect.Reference.ReferencedTable));

        bool IsTouched(Table table) => all.Any(e => (e.Deletes || e.Sets) && e != effect && graph.TreeOf(e.Reference.Table) == graph.TreeOf(table));
    }
}
