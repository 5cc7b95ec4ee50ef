using System.Collections.Immutable;
using Expunge.Catalog;
using Expunge.Postgres;

namespace Expunge.Revisions;

/// <summary>
/// Replaces the foreign keys of one table in one transaction of milliseconds: DROP CONSTRAINT and ADD CONSTRAINT … NOT VALID under the same name. There is no moment without
/// a constraint: new rows are checked throughout. Existing rows are checked by <see cref="ValidateStep"/>.
/// </summary>
public sealed record SwapStep : Step
{
    internal SwapStep(Table table, ImmutableArray<ConstraintChange> changes, ImmutableArray<Table> locked) : base(table)
    {
        Changes = changes;
        Locked = locked;
    }

    /// <summary>The foreign keys that change.</summary>
    public ImmutableArray<ConstraintChange> Changes { get; }

    /// <summary>The tables that it locks, in this order: the table first, those that it refers to after it, the one that most refer to last; partitions after the table that they are of.</summary>
    public ImmutableArray<Table> Locked { get; }

    /// <inheritdoc/>
    public override string Phase => "swap";

    /// <inheritdoc/>
    public override string Description => DescribeAll(Changes);

    /// <inheritdoc/>
    public override ImmutableArray<string> Sql => [.. Changes.SelectMany(c => c.Sql())];

    /// <inheritdoc/>
    public override ImmutableArray<StepLock> Locks => [.. Locked.Select(t => new StepLock(t.Name, "ACCESS EXCLUSIVE", HeldWhileScanning: false))];

    /// <inheritdoc/>
    public override string Undo => "swap back to the former definition, which the journal keeps";

    /// <inheritdoc/>
    internal override Task ExecuteAsync(StepContext context, CancellationToken cancellation) => ExclusiveLock.RunAsync(context, Locked, async () =>
    {
        var pending = await PendingAsync(context, Table, Changes, cancellation);
        if (pending.Count == 0) return null;
        var former = new Dictionary<string, Dictionary<QualifiedName, DerivedConstraint>>(StringComparer.Ordinal);
        if (Table.IsPartitioned) foreach (var change in pending.Where(c => c.New is not null)) former[change.Name] = await DerivedConstraint.OfAsync(context.Connection, Table.Oid, change.Name, cancellation);
        // Made before the locks are held, and sent in one round trip: each counts then.
        var statements = Commands.Ddl(pending.SelectMany(c => c.Sql())).Concat(context.Journal.Record(pending)).ToList();
        return async () =>
        {
            await context.Connection.ExecuteBatchAsync(statements, cancellation);
            foreach (var restored in pending.Select(c => c.New).OfType<ForeignKey>().Where(f => !f.TriggerStates.IsEmpty)) await RestoreTriggersAsync(context, restored, cancellation);
            foreach (var (constraint, names) in former) await KeepNamesAsync(context, constraint, names, cancellation);
        };
    }, cancellation);

    // A new constraint's triggers are enabled; a downgrade leaves them as they were. PostgreSQL lets only a superuser do that.
    private static async Task RestoreTriggersAsync(StepContext context, ForeignKey constraint, CancellationToken cancellation)
    {
        var statements = await context.Connection.ListAsync(
            """
            SELECT format('ALTER TABLE %s %s TRIGGER %I', t.tgrelid::regclass, CASE split_part(s, ' ', 3) WHEN 'D' THEN 'DISABLE' WHEN 'R' THEN 'ENABLE REPLICA' ELSE 'ENABLE ALWAYS' END, t.tgname)
              FROM unnest($1::text[]) s, pg_constraint con JOIN pg_trigger t ON t.tgconstraint = con.oid JOIN pg_proc p ON p.oid = t.tgfoid
             WHERE con.conrelid = $2::regclass AND con.conname = $3
               AND CASE WHEN p.proname LIKE 'RI\_FKey\_check%' THEN 'check' ELSE 'action' END = split_part(s, ' ', 1)
               AND CASE WHEN t.tgtype & 4 <> 0 THEN 'insert' WHEN t.tgtype & 8 <> 0 THEN 'delete' ELSE 'update' END = split_part(s, ' ', 2)
            """,
            r => r.GetString(0), cancellation, constraint.TriggerStates.ToArray(), constraint.Table.Sql, constraint.Name);
        await context.Connection.ExecuteDdlAsync(string.Join("; ", statements), cancellation);
    }

    // PostgreSQL may give the partitions' constraints new names. One round trip for all of them: the locks are held.
    private async Task KeepNamesAsync(StepContext context, string constraint, Dictionary<QualifiedName, DerivedConstraint> former, CancellationToken cancellation)
    {
        var renames = (await DerivedConstraint.OfAsync(context.Connection, Table.Oid, constraint, cancellation)).Values
            .Where(now => former.TryGetValue(now.Table, out var before) && before.Name != now.Name).Select(now => DerivedConstraint.Rename(now.Table, now.Name, former[now.Table].Name)).ToList();
        if (renames.Count > 0) await context.Connection.ExecuteBatchAsync(Commands.Ddl(renames), cancellation);
    }

    /// <summary>The changes that are still to be made: what is there is compared with what the plan saw, under the lock.</summary>
    /// <exception cref="ExpungeException"><see cref="ErrorCodes.ConstraintChanged"/>: somebody else changed a constraint meanwhile.</exception>
    internal static async Task<List<ConstraintChange>> PendingAsync(StepContext context, Table table, ImmutableArray<ConstraintChange> changes, CancellationToken cancellation)
    {
        var present = await CatalogReader.ReadForeignKeysAsync(context.Connection, table.Oid, cancellation);
        var pending = new List<ConstraintChange>();
        foreach (var change in changes)
        {
            var now = present.FirstOrDefault(f => f.Name == change.Name);
            if (change.New is null ? now is null : now is not null && IsAsWanted(now, change.New)) continue;
            if (change.Former is null ? now is not null : now?.SameDefinition(change.Former) != true)
            {
                throw new ExpungeException(
                    ErrorCodes.ConstraintChanged, $"constraint {change.Name} on {table} was changed by somebody else meanwhile",
                    "Look at it (\\d in psql), then run the same command again: it plans anew.");
            }

            pending.Add(change);
        }

        return pending;
    }

    /// <summary>Whether only a validation may still be missing. One too many counts: a downgrade to NOT VALID makes the constraint anew.</summary>
    internal static bool IsAsWanted(ForeignKey now, ForeignKey wanted) => now.SameDefinition(wanted) && (wanted.Validated || !now.Validated);

    internal static string DescribeAll(IEnumerable<ConstraintChange> changes) => string.Join("; ", changes.Select(c => (c.Former, c.New) switch
    {
        (null, { } added) => $"add {added.Name} on {string.Join(", ", added.Columns)}: ON DELETE {added.DeleteRule}",
        ({ } dropped, null) => $"drop {dropped.Name}, a duplicate on {string.Join(", ", dropped.Columns)}",
        ({ } former, { } now) when former.DeleteRule == now.DeleteRule => $"{now.Name} on {string.Join(", ", now.Columns)}: make it enforced",
        ({ } former, { } now) => $"{now.Name} on {string.Join(", ", now.Columns)}: {former.DeleteRule} → {now.DeleteRule}",
        _ => "",
    }));
}
