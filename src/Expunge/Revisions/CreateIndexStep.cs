using System.Collections.Immutable;
using System.Data;
using Expunge.Catalog;
using Expunge.Postgres;
using Npgsql;

namespace Expunge.Revisions;

/// <summary>
/// Builds the index that lets PostgreSQL find the referencing rows of one key, without blocking writes. Without it each deleted parent row reads the whole table.
/// A partitioned table gets one per partition, built concurrently, then the parent's, which attaches them without building anything.
/// </summary>
public sealed record CreateIndexStep : Step
{
    private readonly ImmutableArray<IndexDefinition> _leaves;

    private readonly ImmutableArray<Table> _locked;

    internal CreateIndexStep(Table table, IndexDefinition index, ImmutableArray<IndexDefinition> leaves, ImmutableArray<Table> locked) : base(table)
    {
        Index = index;
        _locked = locked;
        _leaves = leaves;
    }

    /// <summary>The index.</summary>
    public IndexDefinition Index { get; }

    /// <inheritdoc/>
    public override string Phase => "index";

    /// <inheritdoc/>
    public override string Description => $"build {Index.Name} on ({string.Join(", ", Index.Columns)})";

    /// <inheritdoc/>
    public override ImmutableArray<string> Sql => Table.IsPartitioned ? [.. _leaves.Select(l => Create(l, concurrently: true)), Create(Index, concurrently: false)] : [Create(Index, concurrently: true)];

    /// <inheritdoc/>
    public override ImmutableArray<StepLock> Locks => Table.IsPartitioned
        ? [.. _leaves.Select(l => new StepLock(l.Table, "SHARE UPDATE EXCLUSIVE", HeldWhileScanning: true)), .. _locked.Select(t => new StepLock(t.Name, "ACCESS EXCLUSIVE", HeldWhileScanning: false))]
        : [new(Table.Name, "SHARE UPDATE EXCLUSIVE", HeldWhileScanning: true)];

    /// <inheritdoc/>
    public override string Undo => "drop the index";

    /// <inheritdoc/>
    internal override async Task ExecuteAsync(StepContext context, CancellationToken cancellation)
    {
        if (!Table.IsPartitioned)
        {
            await BuildAsync(context, Index, cancellation);
            return;
        }

        foreach (var leaf in _leaves) await BuildAsync(context, leaf, cancellation);
        await ExclusiveLock.RunAsync(context, _locked, async () =>
        {
            if (await StateAsync(context, Index, cancellation) is true) return null;
            // The index of a partition that came since would be built under the lock.
            if ((await PartitionedSwapStep.LeavesAsync(context, Table, cancellation)).FirstOrDefault(l => _locked.All(t => t.Oid != l.Oid)) is { } late) throw PartitionedSwapStep.CreatedMeanwhile(late.Name);
            return async () =>
            {
                await context.Connection.ExecuteDdlAsync(Create(Index, concurrently: false), cancellation);
                await context.Journal.RecordIndexDoneAsync(context.Connection, Index, cancellation);
            };
        }, cancellation);
    }

    private static async Task BuildAsync(StepContext context, IndexDefinition index, CancellationToken cancellation)
    {
        var state = await StateAsync(context, index, cancellation);
        // Left behind by a build that was interrupted. Never IF NOT EXISTS: that would take it for a good one.
        if (state is false && !await RevisionJournal.IsOursAsync(context.Connection, index, cancellation))
        {
            throw new ExpungeException(
                ErrorCodes.StepFailed, $"index {index.Name} is there and not valid: somebody else is building it, or such a build failed",
                $"Wait until it is built, or drop it:  DROP INDEX CONCURRENTLY {index.QualifiedName.Sql};  then run the same command again.");
        }

        if (state is false) await ConcurrentlyAsync(context, index, $"DROP INDEX CONCURRENTLY {index.QualifiedName.Sql}", cancellation);
        if (state is not true)
        {
            await context.Journal.RecordIndexBegunAsync(context.Connection, index, cancellation);
            await ConcurrentlyAsync(context, index, Create(index, concurrently: true), cancellation);
        }

        await context.Journal.RecordIndexDoneAsync(context.Connection, index, cancellation);
    }

    /// <summary>Builds or drops an index CONCURRENTLY: nobody waits for that, but it waits for every transaction that is older, on whatever table.</summary>
    /// <exception cref="ExpungeException"><see cref="ErrorCodes.LockNotAvailable"/>: not within <see cref="LockOptions.MaxWait"/>; the message names the older transactions.</exception>
    internal static async Task ConcurrentlyAsync(StepContext context, IndexDefinition index, string sql, CancellationToken cancellation)
    {
        try
        {
            // In no transaction, so the role's own search_path, which event triggers may need, is set and taken back around it.
            await context.Connection.ExecuteAsync($"SET lock_timeout = {(int)context.Locks.MaxWait.TotalMilliseconds}; SET search_path TO DEFAULT", cancellation);
            try
            {
                await context.Connection.ExecuteAsync(sql, cancellation);
            }
            finally
            {
                // A connection that is broken is of no use to anybody.
                if (context.Connection.State == ConnectionState.Open) await context.Connection.ExecuteAsync("SET search_path = pg_catalog", CancellationToken.None);
            }
        }
        catch (PostgresException e) when (e.SqlState == SqlStates.LockNotAvailable)
        {
            var open = await OpenTransactions.ReadAsync(context.Connection, TimeSpan.Zero, cancellation);
            var older = open.Count == 0 ? "they have ended meanwhile" : $"open are {string.Join(", ", open)}";
            throw new ExpungeException(
                ErrorCodes.LockNotAvailable, $"index {index.Name} waited {context.Locks.MaxWait.TotalSeconds:0.#} s for older transactions; {older}",
                await ExclusiveLock.NextStepAsync(context.Connection, context.Locks.MaxWait, older, cancellation), e);
        }
    }

    /// <summary>True: there and valid; false: there, left invalid by a build that failed; null: not there.</summary>
    private static async Task<bool?> StateAsync(StepContext context, IndexDefinition index, CancellationToken cancellation)
    {
        var states = await context.Connection.ListAsync(
            "SELECT i.indisvalid FROM pg_index i WHERE i.indexrelid = to_regclass($1)", r => r.GetBoolean(0), cancellation, index.QualifiedName.Sql);
        return states is [var valid] ? valid : null;
    }

    private static string Create(IndexDefinition index, bool concurrently) =>
        $"CREATE INDEX {(concurrently ? "CONCURRENTLY " : "")}{Identifier.Quote(index.Name)} ON {index.Table.Sql} ({Identifier.QuoteAll(index.Columns)})";
}
