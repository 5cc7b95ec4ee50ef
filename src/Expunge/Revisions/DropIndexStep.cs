using System.Collections.Immutable;
using Expunge.Catalog;
using Expunge.Postgres;

namespace Expunge.Revisions;

/// <summary>Drops an index that the reverted revision had added.</summary>
public sealed record DropIndexStep : Step
{
    private readonly ImmutableArray<Table> _locked;

    internal DropIndexStep(Table table, IndexDefinition index, ImmutableArray<Table> locked) : base(table)
    {
        Index = index;
        _locked = locked;
    }

    /// <summary>The index.</summary>
    public IndexDefinition Index { get; }

    /// <inheritdoc/>
    public override string Phase => "drop index";

    /// <inheritdoc/>
    public override string Description => $"drop {Index.Name}";

    /// <inheritdoc/>
    public override ImmutableArray<string> Sql => [$"DROP INDEX {(Table.IsPartitioned ? "" : "CONCURRENTLY ")}IF EXISTS {Index.QualifiedName.Sql}"];

    /// <inheritdoc/>
    public override ImmutableArray<StepLock> Locks => [.. _locked.Select(t => new StepLock(t.Name, Table.IsPartitioned ? "ACCESS EXCLUSIVE" : "SHARE UPDATE EXCLUSIVE", HeldWhileScanning: false))];

    /// <inheritdoc/>
    public override string Undo => "upgrade again";

    /// <inheritdoc/>
    internal override async Task ExecuteAsync(StepContext context, CancellationToken cancellation)
    {
        if (Table.IsPartitioned)
        {
            await ExclusiveLock.RunAsync(context, _locked, () => Task.FromResult<Func<Task>?>(async () =>
            {
                await context.Connection.ExecuteDdlAsync(Sql[0], cancellation);
                await context.Journal.RecordIndexRevertedAsync(context.Connection, Index, cancellation);
            }), cancellation);
            return;
        }

        // An index that was attached to a partitioned table's goes with that one, so it may be gone already.
        await CreateIndexStep.ConcurrentlyAsync(context, Index, Sql[0], cancellation);
        await context.Journal.RecordIndexRevertedAsync(context.Connection, Index, cancellation);
    }
}
