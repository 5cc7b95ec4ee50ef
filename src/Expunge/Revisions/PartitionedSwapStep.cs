using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text;
using Expunge.Catalog;
using Expunge.Graph;
using Expunge.Postgres;

namespace Expunge.Revisions;

/// <summary>
/// Replaces the foreign keys of a partitioned table before PostgreSQL 18, which takes no NOT VALID there. The parent's foreign key stays while each partition gets the new one under a
/// temporary name, NOT VALID, and has it validated; then one short transaction drops the parent's and adds the new one, which attaches the partitions' without a scan.
/// </summary>
/// <remarks>Only here two foreign keys overlap for a time. The outcome of a deletion is then the former or the new action, never an unchecked row.</remarks>
public sealed record PartitionedSwapStep : Step
{
    internal PartitionedSwapStep(Table table, ImmutableArray<ConstraintChange> changes, ImmutableArray<Table> leaves) : base(table)
    {
        Changes = changes;
        Leaves = leaves;
    }

    /// <summary>The foreign keys that change.</summary>
    public ImmutableArray<ConstraintChange> Changes { get; }

    /// <summary>The partitions that hold rows, as planned.</summary>
    public ImmutableArray<Table> Leaves { get; }

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
        .. SwapStep.LockedTables(Table, Changes).Concat(Leaves.Select(l => l.Name)).Select(t => new StepLock(t, "ACCESS EXCLUSIVE", HeldWhileScanning: false)),
    ];

    /// <inheritdoc/>
    public override string Undo => "the same way back to the former definition, which the journal keeps";

    /// <inheritdoc/>
    internal override async Task ExecuteAsync(StepContext context, CancellationToken cancellation)
    {
        var added = (await SwapStep.PendingAsync(context, Table, Changes, cancellation)).Select(c => c.New).OfType<ForeignKey>().ToList();
        foreach (var constraint in added)
        {
            foreach (var leaf in await LeavesAsync(context, cancellation)) await PrepareAsync(context, leaf, constraint, cancellation);
        }

        await ExclusiveLock.RunAsync(context, SwapStep.LockedTables(Table, Changes), () => AttachAsync(context, cancellation), cancellation);
    }

    private static async Task PrepareAsync(StepContext context, (uint Oid, QualifiedName Name) leaf, ForeignKey constraint, CancellationToken cancellation)
    {
        var name = TemporaryName(constraint, leaf.Name);
        var present = (await CatalogReader.ReadForeignKeysAsync(context.Connection, leaf.Oid, cancellation)).FirstOrDefault(f => f.Name == name);
        if (present is null)
        {
            await ExclusiveLock.RunAsync(
                context, [leaf.Name, constraint.ReferencedTable], () => context.Connection.ExecuteDdlAsync(AddToLeaf(constraint, leaf.Name), cancellation), cancellation,
                mode: "SHARE ROW EXCLUSIVE");
        }

        if (present is { Validated: true }) return;
        var validate = new ValidateStep(new Table { Oid = leaf.Oid, Name = leaf.Name }, constraint with { Name = name, Table = leaf.Name });
        await validate.ExecuteAsync(context, cancellation);
    }

    private async Task AttachAsync(StepContext context, CancellationToken cancellation)
    {
        var leaves = await LeavesAsync(context, cancellation);
        await DropLeftoversAsync(context, leaves, cancellation);
        foreach (var change in await SwapStep.PendingAsync(context, Table, Changes, cancellation))
        {
            var former = await DerivedConstraint.OfAsync(context.Connection, Table.Oid, change.Name, cancellation);
            if (change.New is { } constraint)
            {
                foreach (var leaf in leaves)
                {
                    var present = await CatalogReader.ReadForeignKeysAsync(context.Connection, leaf.Oid, cancellation);
                    if (present.Any(f => f.Name == TemporaryName(constraint, leaf.Name) && f.Validated)) continue;
                    throw new ExpungeException(ErrorCodes.ConstraintChanged, $"partition {leaf.Name} was created meanwhile", "Run the same command again.");
                }
            }

            foreach (var sql in change.Sql(notValid: false)) await context.Connection.ExecuteDdlAsync(sql, cancellation);
            if (change.New is not null)
            {
                foreach (var leaf in leaves)
                {
                    await context.Connection.ExecuteDdlAsync(DerivedConstraint.Rename(leaf.Name, TemporaryName(change.New, leaf.Name), former.GetValueOrDefault(leaf.Name)?.Name ?? change.Name), cancellation);
                }
            }

            await context.Journal.RecordAsync(context.Connection, change, cancellation);
        }
    }

    /// <summary>Temporary constraints of a run that was interrupted and wanted something else: left beside the new ones they would act too.</summary>
    private async Task DropLeftoversAsync(StepContext context, IEnumerable<(uint Oid, QualifiedName Name)> leaves, CancellationToken cancellation)
    {
        foreach (var leaf in leaves)
        {
            var mine = Changes.Select(c => c.New).OfType<ForeignKey>().Select(f => TemporaryName(f, leaf.Name)).ToHashSet(StringComparer.Ordinal);
            var present = await CatalogReader.ReadForeignKeysAsync(context.Connection, leaf.Oid, cancellation);
            foreach (var leftover in present.Where(f => f.Name.StartsWith(ReferenceGraph.TemporaryPrefix, StringComparison.Ordinal) && !mine.Contains(f.Name)))
            {
                await context.Connection.ExecuteDdlAsync($"ALTER TABLE {leaf.Name.Sql} DROP CONSTRAINT {Identifier.Quote(leftover.Name)}", cancellation);
            }
        }
    }

    private async Task<List<(uint Oid, QualifiedName Name)>> LeavesAsync(StepContext context, CancellationToken cancellation) => await context.Connection.ListAsync(
        """
        SELECT c.oid, n.nspname::text, c.relname::text
          FROM pg_partition_tree($1) p JOIN pg_class c ON c.oid = p.relid JOIN pg_namespace n ON n.oid = c.relnamespace
         WHERE p.isleaf AND c.relkind = 'r' ORDER BY n.nspname, c.relname
        """,
        r => (r.GetFieldValue<uint>(0), new QualifiedName(r.GetString(1), r.GetString(2))), cancellation, Oid(Table.Oid));

    private static Npgsql.NpgsqlParameter Oid(uint oid) => new() { Value = oid, NpgsqlDbType = NpgsqlTypes.NpgsqlDbType.Oid };

    /// <summary>The same at every run for the same change, so that an interrupted one is found again and another change is not taken for it.</summary>
    private static string TemporaryName(ForeignKey constraint, QualifiedName leaf) =>
        ReferenceGraph.TemporaryPrefix + Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($"{constraint.Name}\0{constraint.Clause}\0{leaf}")))[..16];

    private static string AddToLeaf(ForeignKey constraint, QualifiedName leaf) => $"ALTER TABLE {leaf.Sql} ADD CONSTRAINT {Identifier.Quote(TemporaryName(constraint, leaf))} {constraint.Clause} NOT VALID";

    private static string Validate(QualifiedName leaf, string name) => $"ALTER TABLE {leaf.Sql} VALIDATE CONSTRAINT {Identifier.Quote(name)}";
}
