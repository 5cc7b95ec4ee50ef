using Expunge.Catalog;
using Expunge.Graph;
using Expunge.Postgres;
using Xunit;

namespace Expunge.Tests.Schemas;

/// <summary>
/// Carries a prediction out on rows in memory: the part of PostgreSQL's trigger queue (trigger.c) and of its referential actions (ri_triggers.c) that decides which rows are left. It does what the
/// prediction's effects say and nothing else, so one that the prediction lacks, or a reason for a refusal that it doesn't give, makes the outcome wrong.
/// </summary>
internal sealed class PredictedDeletion(CatalogSnapshot catalog, Prediction prediction, DatabaseRows rows, IReadOnlyDictionary<(string Table, string Column), string?> defaults, bool backwards)
{
    private readonly Queue<Action> _queue = new();
    private readonly List<Action> _atCommit = [];

    /// <summary>The rows that are left, or by which constraint (or column) it is refused with which SQLSTATE.</summary>
    /// <param name="catalog">The snapshot.</param>
    /// <param name="prediction">Of that snapshot.</param>
    /// <param name="rows">All rows; not changed.</param>
    /// <param name="defaults">What the columns' defaults come to, as text.</param>
    /// <param name="id">The subject.</param>
    /// <param name="backwards">Fires a row's triggers in the opposite order.</param>
    public static string Outcome(
        CatalogSnapshot catalog, Prediction prediction, DatabaseRows rows, IReadOnlyDictionary<(string Table, string Column), string?> defaults, string id, bool backwards = false)
    {
        var left = rows.Copy();
        try
        {
            new PredictedDeletion(catalog, prediction, left, defaults, backwards).Run(left.Of(prediction.Reach.Root.Name).Single(r => r["id"] == id));
            return left.Text();
        }
        catch (RefusedException e)
        {
            return e.Message;
        }
    }

    private void Run(DatabaseRows.Row subject)
    {
        Delete(subject);
        while (_queue.TryDequeue(out var trigger)) trigger();
        foreach (var trigger in _atCommit) trigger();
    }

    private void Delete(DatabaseRows.Row row)
    {
        rows.Remove(row);
        Enqueue(row.Leaf, e => e.Event == ForeignKeyEvent.ReferencedRowDeleted && Key(e, row) is { } key ? () => Act(e, key, []) : null);
    }

    private void Change(PredictedEffect effect, DatabaseRows.Row row, IEnumerable<(string Column, string? Value)> values)
    {
        var changed = rows.Change(row, values);
        if (row.Leaf.Columns.FirstOrDefault(c => c.NotNull && changed[c.Name] is null) is { } column)
        {
            Refuse(effect, effect.Action == ReferentialAction.SetDefault && column.HasDefault ? RefusalReason.DefaultMayBeMissing : RefusalReason.CanNotBeNull, SqlStates.NotNullViolation, column.Name);
        }

        Enqueue(row.Leaf, e => e.Event switch
        {
            ForeignKeyEvent.ReferencedKeyChanged when Key(e, row) is { } key && changed.Values is var to && !changed.Has(e.Constraint.ReferencedColumns, key) => () => Act(e, key, [.. e.Constraint.ReferencedColumns.Select(c => to[c])]),
            ForeignKeyEvent.RowChanged when IsCheckNeeded(e.Constraint, row, changed) => () => Check(e, changed),
            _ => null,
        });
    }

    private void Enqueue(Table leaf, Func<PredictedEffect, Action?> trigger)
    {
        var mine = prediction.Effects.Where(e => e.Fires).SelectMany(e => e.Constraint.Triggers.Where(t => t.Table == leaf.Oid && t.Event == e.Event && t.IsEnabled).Select(t => (t.Name, Effect: e))).OrderBy(t => t.Name, StringComparer.Ordinal);
        foreach (var (_, effect) in backwards ? mine.Reverse() : mine)
        {
            if (trigger(effect) is not { } action) continue;
            if (effect.IsDeferred) _atCommit.Add(action);
            else _queue.Enqueue(action);
        }
    }

    private void Act(PredictedEffect effect, List<string> key, IReadOnlyList<string?> newKey)
    {
        var constraint = effect.Constraint;
        var referring = rows.Of(constraint.Table).Where(r => r.Has(constraint.Columns, key)).ToList();
        switch (effect.Action)
        {
            case ReferentialAction.NoAction when !rows.Of(constraint.ReferencedTable).Any(r => r.Has(constraint.ReferencedColumns, key)) && referring.Count > 0:
                Refuse(effect, RefusalReason.NoAction, SqlStates.ForeignKeyViolation, constraint.Name);
                break;
            case ReferentialAction.Restrict when referring.Count > 0:
                Refuse(effect, RefusalReason.Restrict, catalog.Server.Major >= 18 ? SqlStates.RestrictViolation : SqlStates.ForeignKeyViolation, constraint.Name);
                break;
            case ReferentialAction.Cascade when effect.Deletes:
                referring.ForEach(Delete);
                break;
            case ReferentialAction.Cascade:
                referring.ForEach(r => Change(effect, r, constraint.Columns.Zip(newKey).Where(c => effect.Columns.Contains(c.First))));
                break;
            case ReferentialAction.SetNull:
                referring.ForEach(r => Change(effect, r, effect.Columns.Select(c => (c, (string?)null))));
                break;
            case ReferentialAction.SetDefault:
                referring.ForEach(r => Change(effect, r, effect.Columns.Select(c => (c, defaults.GetValueOrDefault((constraint.Table.ToString(), c))))));
                // The default can be the very key that goes; then nothing changed that a check would look at.
                if (rows.Of(constraint.Table).Any(r => r.Has(constraint.Columns, key)) && !rows.Of(constraint.ReferencedTable).Any(r => r.Has(constraint.ReferencedColumns, key))) Refuse(effect, RefusalReason.DefaultMayBeMissing, SqlStates.ForeignKeyViolation, constraint.Name);
                break;
        }
    }

    private static bool IsCheckNeeded(ForeignKey constraint, DatabaseRows.Row old, DatabaseRows.Row changed) => constraint.Columns.Count(c => changed[c] is null) switch
    {
        0 => old.IsNew || constraint.Columns.Any(c => old[c] != changed[c]),
        var nulls => constraint.MatchFull && nulls < constraint.Columns.Length,
    };

    private void Check(PredictedEffect effect, DatabaseRows.Row row)
    {
        if (!rows.Contains(row)) return;
        var constraint = effect.Constraint;
        if (!rows.Of(constraint.ReferencedTable).Any(r => r.Has(constraint.ReferencedColumns, constraint.Columns.Select(c => row[c])))) Refuse(effect, RefusalReason.CheckedAgain, SqlStates.ForeignKeyViolation, constraint.Name);
    }

    private static List<string>? Key(PredictedEffect effect, DatabaseRows.Row row) =>
        effect.Constraint.ReferencedColumns.Select(c => row[c]).OfType<string>().ToList() is var key && key.Count == effect.Constraint.ReferencedColumns.Length ? key : null;

    private static void Refuse(PredictedEffect effect, RefusalReason reason, string sqlState, string name)
    {
        Assert.True(effect.Refusals.Contains(reason), $"{effect.Constraint.Table} {effect.Constraint.Name} refuses by {reason}, predicted were: {string.Join(", ", effect.Refusals)}");
        throw new RefusedException(Refused(sqlState, $"{effect.Constraint.Table} {name}"));
    }

    public static string Refused(string sqlState, string by) => $"refused with {sqlState} by {by}";

    private sealed class RefusedException(string what) : Exception(what);
}
