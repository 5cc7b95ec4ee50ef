using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text;
using Expunge.Catalog;
using Expunge.Graph;
using Expunge.Postgres;
using Npgsql;

namespace Expunge.Revisions;

/// <summary>
/// Replaces the foreign keys of a partitioned table before PostgreSQL 18, which takes no NOT VALID there. The parent's foreign key stays while each partition gets the new one under a
/// temporary name, NOT VALID, and has it validated; then one short transaction drops the parent's and adds the new one, which attaches the partitions' without a scan.
/// </summary>
/// <remarks>Only here two foreign keys overlap for a time. The outcome of a deletion is then the former or the new action, never an unchecked row.</remarks>
public sealed record PartitionedSwapStep : Step
{
    internal PartitionedSwapStep(Table table, ImmutableArray<ConstraintChange> changes, ImmutableArray<Table> leaves, ImmutableArray<Table> locked) : base(table)
    {
        Changes = changes;
        Leaves = leaves;
        Locked = locked;
    }

    /// <summary>The foreign keys that change.</summary>
    public ImmutableArray<ConstraintChange> Changes { get; }

    /// <summary>The partitions that hold rows, as planned.</summary>
    public ImmutableArray<Table> Leaves { get; }

    /// <summary>The tables that the last transaction locks, in the order of <see cref="SwapStep.Locked"/>.</summary>
    public ImmutableArray<Table> Locked { get; }

    /// <summary>How long the last transaction holds its exclusive locks, roughly: 0.6 ms a partition (0.4 s at 700).</summary>
    public TimeSpan EstimatedHold => TimeSpan.FromMilliseconds(0.6 * Leaves.Length);

    /// <inheritdoc/>
    public override string Phase => "partitions";

    /// <inheritdoc/>
    public override string Description => $"{SwapStep.DescribeAll(Changes)} (on {Leaves.Length} partitions, locked for about {EstimatedHold.TotalMilliseconds:0} ms at the end)";

    /// <inheritdoc/>
    public override ImmutableArray<string> Sql =>
    [
        .. Changes.Where(c => c.New is not null).SelectMany(c => Leaves.SelectMany(l => new[] { AddToLeaf(c.New!, l.Name), Validate(l.Name, TemporaryName(c.New!, l.Name)) })),
        .. Changes.SelectMany(c => c.Sql(notValid: false)),
        .. Changes.Where(c => c.New is not null).SelectMany(c => Leaves.Select(l => DerivedConstraint.Rename(l.Name, TemporaryName(c.New!, l.Name), c.Name))),
    ];

    /// <inheritdoc/>
    public override ImmutableArray<StepLock> Locks =>
    [
        .. Leaves.Select(l => new StepLock(l.Name, "SHARE UPDATE EXCLUSIVE", HeldWhileScanning: true)),
        .. Changes.Select(c => c.Any.ReferencedTable).Distinct().Select(t => new StepLock(t, "ROW SHARE", HeldWhileScanning: true)),
        .. Locked.Select(t => new StepLock(t.Name, "ACCESS EXCLUSIVE", HeldWhileScanning: false)),
    ];

    /// <inheritdoc/>
    public override string Undo => "the same way back to the former definition, which the journal keeps";

    /// <inheritdoc/>
    internal override async Task ExecuteAsync(StepContext context, CancellationToken cancellation)
    {
        var added = (await SwapStep.PendingAsync(context, Table, Changes, cancellation)).Select(c => c.New).OfType<ForeignKey>().ToList();
        foreach (var constraint in added)
        {
            foreach (var leaf in await LeavesAsync(context, Table, cancellation)) await PrepareAsync(context, leaf, constraint, cancellation);
        }

        await ExclusiveLock.RunAsync(context, Locked, () => PrepareAttachAsync(context, cancellation), cancellation);
    }

    private async Task PrepareAsync(StepContext context, Table leaf, ForeignKey constraint, CancellationToken cancellation)
    {
        var name = TemporaryName(constraint, leaf.Name);
        var present = (await CatalogReader.ReadForeignKeysAsync(context.Connection, leaf.Oid, cancellation)).FirstOrDefault(f => f.Name == name);
        if (present is null)
        {
            await ExclusiveLock.RunAsync(
                context, [leaf, .. Locked.Where(t => t.Name == constraint.ReferencedTable)],
                () => Task.FromResult<Func<Task>?>(() => context.Connection.ExecuteDdlAsync(AddToLeaf(constraint, leaf.Name), cancellation)), cancellation, mode: "SHARE ROW EXCLUSIVE");
        }

        if (present is { Validated: true }) return;
        var validate = new ValidateStep(leaf, constraint with { Name = name, Table = leaf.Name }, partitions: []);
        await validate.ExecuteAsync(context, cancellation);
    }

    // No partition is attached while SHARE UPDATE EXCLUSIVE is held on the parent.
    private async Task<Func<Task>?> PrepareAttachAsync(StepContext context, CancellationToken cancellation)
    {
        var pending = await SwapStep.PendingAsync(context, Table, Changes, cancellation);
        var statements = new List<string>();
        var leaves = new List<(QualifiedName Name, ImmutableArray<ForeignKey> Present)>();
        foreach (var leaf in await LeavesAsync(context, Table, cancellation)) leaves.Add((leaf.Name, await CatalogReader.ReadForeignKeysAsync(context.Connection, leaf.Oid, cancellation)));
        foreach (var (leaf, present) in leaves) statements.AddRange(Leftovers(leaf, present).Select(name => $"ALTER TABLE {leaf.Sql} DROP CONSTRAINT {Identifier.Quote(name)}"));
        foreach (var change in pending)
        {
            statements.AddRange(change.Sql(notValid: false));
            if (change.New is not { } constraint) continue;
            var former = await DerivedConstraint.OfAsync(context.Connection, Table.Oid, change.Name, cancellation);
            foreach (var (leaf, present) in leaves)
            {
                var temporary = TemporaryName(constraint, leaf);
                if (!present.Any(f => f.Name == temporary && f.Validated)) throw CreatedMeanwhile(leaf);
                statements.Add(DerivedConstraint.Rename(leaf, temporary, former.GetValueOrDefault(leaf)?.Name ?? change.Name));
            }
        }

        var batch = Commands.Ddl(statements).Concat(context.Journal.Record(pending)).ToList();
        return statements.Count == 0 ? null : () => context.Connection.ExecuteBatchAsync(batch, cancellation);
    }

    /// <summary>Temporary constraints of a run that was interrupted and wanted something else: left beside the new ones they would act too.</summary>
    private IEnumerable<string> Leftovers(QualifiedName leaf, ImmutableArray<ForeignKey> present)
    {
        var mine = Changes.Select(c => c.New).OfType<ForeignKey>().Select(f => TemporaryName(f, leaf)).ToHashSet(StringComparer.Ordinal);
        return present.Select(f => f.Name).Where(n => n.StartsWith(ReferenceGraph.TemporaryPrefix, StringComparison.Ordinal) && !mine.Contains(n));
    }

    /// <summary>The partitions that hold rows, as they are now.</summary>
    internal static async Task<List<Table>> LeavesAsync(StepContext context, Table table, CancellationToken cancellation) => await context.Connection.ListAsync(
        """
        SELECT c.oid, n.nspname::text, c.relname::text
          FROM pg_partition_tree($1) p JOIN pg_class c ON c.oid = p.relid JOIN pg_namespace n ON n.oid = c.relnamespace
         WHERE p.isleaf AND c.relkind = 'r' ORDER BY n.nspname, c.relname
        """,
        r => new Table { Oid = r.GetFieldValue<uint>(0), Name = new QualifiedName(r.GetString(1), r.GetString(2)) }, cancellation,
        new NpgsqlParameter { Value = table.Oid, NpgsqlDbType = NpgsqlTypes.NpgsqlDbType.Oid });

    internal static ExpungeException CreatedMeanwhile(QualifiedName partition) => new(ErrorCodes.ConstraintChanged, $"partition {partition} was created meanwhile", "Run the same command again.");

    /// <summary>The same at every run for the same change, so that an interrupted one is found again and another change is not taken for it.</summary>
    private static string TemporaryName(ForeignKey constraint, QualifiedName leaf) =>
        ReferenceGraph.TemporaryPrefix + Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($"{constraint.Name}\0{constraint.Clause}\0{leaf}")))[..16];

    private static string AddToLeaf(ForeignKey constraint, QualifiedName leaf) => $"ALTER TABLE {leaf.Sql} ADD CONSTRAINT {Identifier.Quote(TemporaryName(constraint, leaf))} {constraint.Clause} NOT VALID";

    private static string Validate(QualifiedName leaf, string name) => $"ALTER TABLE {leaf.Sql} VALIDATE CONSTRAINT {Identifier.Quote(name)}";
}
