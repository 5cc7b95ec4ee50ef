using System.Collections.Immutable;
using System.Diagnostics;
using Expunge.Catalog;
using Expunge.Deletion;
using Expunge.Policy;
using Expunge.Postgres;
using Expunge.Revisions;
using Npgsql;

namespace Expunge.Verification;

/// <summary>
/// Fixes the orphans of one reference, a few in each transaction. Whoever adds a missing parent in the same moment can't be seen before he commits; so each transaction keeps writers of the parent's table out for the
/// tenth of a second in which it looks again and does its work, and between two of them they have theirs.
/// </summary>
internal sealed class OrphanBatches(NpgsqlConnection connection, Decisions decisions, OrphanFixPart part, Link link, TimeSpan timeout, Action<long, string?> tell)
{
    private const int FirstBatch = 100;
    private const int LargestBatch = 5000;

    // Of so many rows each is tried alone when they can't be fixed together; then it is taken that all are of the same kind.
    private const int MostAlone = 50;

    private static readonly TimeSpan Target = TimeSpan.FromMilliseconds(100);

    // As long as that the parent's writers would wait at the most.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    // The SELECT hides how many they are: of many the planner believes that reading the whole table is cheaper.
    private const string AtPlaces = "t.ctid = ANY ((SELECT $1::text[]::tid[])::tid[])";

    private readonly Decisions? _after = part.SetColumns.IsEmpty ? Aftermath.Of(decisions, part.Target.Table) : null;
    private readonly Dictionary<string, long> _also = new(StringComparer.Ordinal);
    private readonly List<string> _refusals = [];
    private int _size = FirstBatch;
    private int _alone;

    /// <summary>How many were deleted or set.</summary>
    public long Fixed { get; private set; }

    /// <summary>What went with them.</summary>
    public ImmutableArray<AlsoDeleted> Also => [.. _also.Where(a => a.Value > 0).Select(a => new AlsoDeleted(a.Key, a.Value))];

    /// <summary>Why some could not be.</summary>
    public ImmutableArray<string> Refusals => [.. _refusals.Distinct(StringComparer.Ordinal)];

    /// <summary>Fixes those that there are now.</summary>
    public async Task RunAsync(CancellationToken cancellation)
    {
        var throttle = new Throttle(connection, new DeletionOptions(), note => tell(Fixed, note));
        try
        {
            // The server keeps the list.
            await using var transaction = await connection.BeginTransactionAsync(cancellation);
            await connection.ExecuteAsync($"SET LOCAL statement_timeout = {ReadOnlyScan.Milliseconds(timeout)}", cancellation);
            await connection.ExecuteAsync($"DECLARE expunge_orphans NO SCROLL CURSOR WITH HOLD FOR SELECT t.tableoid, t.ctid::text FROM {link.From} t WHERE {link.IsOrphan("t")} ORDER BY t.tableoid, t.ctid", cancellation);
            await transaction.CommitAsync(cancellation);
        }
        catch (PostgresException e) when (e.SqlState is SqlStates.QueryCanceled or SqlStates.LockNotAvailable && !cancellation.IsCancellationRequested)
        {
            _refusals.Add(e.SqlState == SqlStates.LockNotAvailable
                ? $"{part.Table} or {part.Target.Parent.Name.Display(decisions.Schema)} is locked by another transaction" : $"they could not be listed within {timeout.TotalSeconds:0.###} s");
            return;
        }

        while (await connection.ListAsync($"FETCH {_size} FROM expunge_orphans", r => (Leaf: r.GetFieldValue<uint>(0), Place: r.GetString(1)), cancellation) is { Count: > 0 } rows)
        {
            foreach (var leaf in rows.GroupBy(r => r.Leaf, r => r.Place)) await FixAsync(decisions.Catalog.Tables.First(t => t.Oid == leaf.Key), [.. leaf], throttle, cancellation);
        }

        await connection.ExecuteAsync("CLOSE expunge_orphans", cancellation);
    }

    /// <summary>Fixes them; where they can't be fixed together, each half by itself.</summary>
    private async Task FixAsync(Table leaf, string[] places, Throttle throttle, CancellationToken cancellation)
    {
        string refusal;
        try
        {
            var begun = Stopwatch.GetTimestamp();
            var rows = await OnceAsync(leaf, places, cancellation);
            var took = Stopwatch.GetElapsedTime(begun);
            Fixed += rows;
            _size = Math.Clamp((int)(places.Length * Math.Clamp(Target / took, 0.5, 2)), FirstBatch / 10, LargestBatch);
            tell(Fixed, null);
            await throttle.AfterAsync(rows, cancellation);
            // Their turn: as long as it kept them waiting.
            await Task.Delay(took < Patience ? took : Patience, cancellation);
            return;
        }
        catch (PostgresException e) when (e.SqlState == SqlStates.QueryCanceled && !cancellation.IsCancellationRequested)
        {
            _size = FirstBatch / 10;
            refusal = $"one takes longer than {Patience.TotalSeconds:0} s, in which nobody can write to {part.Target.Parent.Name.Display(decisions.Schema)}; build the indexes that are missing first: expunge upgrade head";
        }
        catch (PostgresException e) when (!SqlStates.IsServerTrouble(e.SqlState))
        {
            refusal = Reason(e);
        }

        if (places.Length > 1 && _alone < MostAlone)
        {
            await FixAsync(leaf, places[..(places.Length / 2)], throttle, cancellation);
            await FixAsync(leaf, places[(places.Length / 2)..], throttle, cancellation);
            return;
        }

        _alone++;
        _refusals.Add(refusal);
    }

    private async Task<int> OnceAsync(Table leaf, string[] places, CancellationToken cancellation)
    {
        var done = 0;
        var also = new Dictionary<string, long>(StringComparer.Ordinal);
        // LOCK TABLE takes the partitions too.
        await ExclusiveLock.RunAsync(
            connection, new LockOptions(), whom => tell(Fixed, whom), [part.Target.Parent],
            async () =>
            {
                (done, also) = (0, new(StringComparer.Ordinal));
                // Those that others hold, or have changed since, wait for the next time.
                var locked = (await connection.ListAsync($"SELECT t.ctid::text FROM ONLY {leaf.Name.Sql} t WHERE {AtPlaces} AND {link.IsOrphan("t")} FOR UPDATE OF t SKIP LOCKED", r => r.GetString(0), cancellation, [places])).ToArray();
                return locked.Length == 0 ? null : async () => done = await WorkAsync(leaf, locked, also, cancellation);
            },
            "SHARE", cancellation);
        foreach (var (table, rows) in also) _also[table] = _also.GetValueOrDefault(table) + rows;
        return done;
    }

    // Nobody can add a parent any more: who was about to has committed, and is seen now.
    private async Task<int> WorkAsync(Table leaf, string[] places, Dictionary<string, long> also, CancellationToken cancellation)
    {
        await connection.ExecuteAsync($"SET LOCAL statement_timeout = {ReadOnlyScan.Milliseconds(Patience)}; SET LOCAL synchronous_commit = local", cancellation);
        var before = _after is null ? null : await RowCounts.ReadAsync(connection, _after, cancellation);
        var which = $"WHERE {AtPlaces} AND {link.IsOrphan("t")}";
        var done = await connection.ExecuteAsync(
            _after is not null ? $"DELETE FROM ONLY {leaf.Name.Sql} t {which}" : $"UPDATE ONLY {leaf.Name.Sql} t SET {string.Join(", ", part.SetColumns.Select(c => $"{Identifier.Quote(c)} = NULL"))} {which}", cancellation, [places]);
        await connection.ExecuteAsync("SET CONSTRAINTS ALL IMMEDIATE", cancellation);
        if (_after is null) return done;
        foreach (var line in (await RowCounts.ReadAsync(connection, _after, cancellation)).Minus(before!, _after, ImmutableDictionary<uint, long>.Empty)!.Value)
        {
            also[line.Table] = line.Table == part.Table ? line.Deleted - done : line.Deleted;
        }

        return done;
    }

    // Of the server's words only the message: its DETAIL holds the values of rows.
    private static string Reason(PostgresException e) => e.SqlState switch
    {
        SqlStates.ForeignKeyViolation or SqlStates.RestrictViolation => $"rows of {e.TableName} refer to them (constraint {e.ConstraintName})",
        _ => $"PostgreSQL refused: {e.MessageText} (SQLSTATE {e.SqlState})",
    };
}
