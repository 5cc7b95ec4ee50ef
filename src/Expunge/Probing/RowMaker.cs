using System.Collections.Immutable;
using Expunge.Catalog;
using Expunge.Graph;
using Expunge.Policy;
using Npgsql;

namespace Expunge.Probing;

/// <summary>Makes rows, and first those that they must refer to. In the transaction that the connection is in, under savepoints.</summary>
internal sealed class RowMaker
{
    private const int DeepestChain = 60;

    private readonly NpgsqlConnection _connection;
    private readonly Decisions _decisions;
    private readonly ILookup<uint, Link> _outgoing;
    private readonly ProbeSchema _schema;
    private readonly RowInsert _insert;
    private readonly List<ProbeRow> _rows = [];
    private readonly Stack<ProbeRow> _begun = new();
    private int _n;

    public RowMaker(NpgsqlConnection connection, Decisions decisions, ProbeSchema schema)
    {
        (_connection, _decisions, _schema) = (connection, decisions, schema);
        _insert = new RowInsert(connection, decisions.Catalog, schema);
        _outgoing = new ReferenceGraph(decisions.Catalog).References.Select(Link.Of).Concat(decisions.SoftReferences.Select(s => Link.Of(s, decisions.Reach.Root)))
            .SelectMany(l => decisions.Catalog.WithPartitions(l.Table).Select(t => (t.Oid, Link: l))).ToLookup(l => l.Oid, l => l.Link);
    }

    /// <summary>All rows made so far, in the order of their insertion.</summary>
    public IReadOnlyList<ProbeRow> Rows => _rows;

    /// <summary>Forgets what was rolled back.</summary>
    /// <param name="count">How many rows there were.</param>
    public void ForgetAfter(int count) => _rows.RemoveRange(count, _rows.Count - count);

    /// <summary>A row that refers to a row of the victim, or of the other subject, by this link.</summary>
    /// <param name="link">The link.</param>
    /// <param name="ofVictim">Whose row it refers to by the link.</param>
    /// <param name="restOfVictim">Whose rows it refers to otherwise, where it must refer to any.</param>
    /// <param name="cancellation">Cancels it.</param>
    /// <exception cref="NotMadeException">It can't be made.</exception>
    public async Task<ProbeRow> MakeAsync(Link link, bool ofVictim, bool restOfVictim, CancellationToken cancellation)
    {
        var target = await FindOrMakeAsync(link.Target, ofVictim, ImmutableDictionary<string, string?>.Empty, [], cancellation);
        return _rows.Find(r => r.OfVictim == restOfVictim && Covers(link.Table, r.Table) && link.Holds(r, target)) ?? await MakeAsync(link.Table, restOfVictim, link.To(target), cancellation, isBetween: ofVictim != restOfVictim);
    }

    /// <summary>A row that refers to whichever rows there are.</summary>
    /// <exception cref="NotMadeException">It can't be made.</exception>
    public async Task<ProbeRow> MakeForAnyAsync(Table table, Random random, CancellationToken cancellation)
    {
        var pinned = new Dictionary<string, string?>(StringComparer.Ordinal);
        var way = _decisions.Reach.Find(table) is { Depth: > 0 } reached ? WayIn(reached) : null;
        foreach (var link in _outgoing[table.Oid].Where(l => (l.IsMandatory || l.Columns.SequenceEqual(way?.Columns ?? [])) && l.Target.Oid != table.Oid && !l.Columns.Any(pinned.ContainsKey)))
        {
            var there = _rows.Where(r => Covers(link.Target, r.Table)).ToList();
            if (there.Count == 0) continue;
            foreach (var (column, value) in link.To(there[random.Next(there.Count)])) pinned[column] = value;
        }

        return await MakeAsync(table, ofVictim: false, pinned, cancellation);
    }

    /// <summary>A row of a table, all its own: the root's victim, and the other subject.</summary>
    /// <exception cref="NotMadeException">It can't be made.</exception>
    public async Task<ProbeRow> MakeAsync(Table table, bool ofVictim, IReadOnlyDictionary<string, string?> pinned, CancellationToken cancellation, bool isBetween = false)
    {
        if (_begun.Count > DeepestChain) throw new NotMadeException($"too many rows must be there first: {string.Join(" → ", _begun.Take(5).Select(r => r.Table.Name))} → …");
        var row = new ProbeRow(table, ofVictim) { IsBetween = isBetween, Values = new(pinned, StringComparer.Ordinal) };
        var number = ++_n;
        var later = new List<ProbeRow>();
        _begun.Push(row);
        try
        {
            foreach (var link in _outgoing[table.Oid].OrderByDescending(l => l.Columns.All(pinned.ContainsKey)).ThenByDescending(l => l.IsMandatory))
            {
                var wanted = link.Wanted(row);
                var isDecided = wanted.Count > 0 && link.Columns.All(c => row.Values.GetValueOrDefault(c) is not null);
                if (!isDecided && !link.IsMandatory && !(link.IsMatchFull && wanted.Count > 0)) continue;
                if (link.IsDeferred && Promise(link, ofVictim, wanted) is { } promised)
                {
                    later.Add(promised);
                    Refer(row, link, promised);
                    continue;
                }

                Refer(row, link, await FindOrMakeAsync(link.Target, ofVictim, wanted, [], cancellation));
            }

            // What need not refer to anything doesn't, whatever its default.
            foreach (var column in _outgoing[table.Oid].SelectMany(l => l.Columns).Where(c => !row.Values.ContainsKey(c) && !table.Column(c)!.NotNull && !table.Column(c)!.IsGenerated)) row.Values[column] = null;
            row = await InsertAsync(row, number, pinned, cancellation);
        }
        finally
        {
            _begun.Pop();
        }

        foreach (var promised in later) await FindOrMakeAsync(promised.Table, promised.OfVictim, promised.Values, [], cancellation);
        return row;
    }

    /// <summary>A row that is yet to be made, with the key that it will have; null where there is one to refer to.</summary>
    private ProbeRow? Promise(Link link, bool ofVictim, Dictionary<string, string?> wanted)
    {
        if (_rows.Exists(r => Covers(link.Target, r.Table) && r.OfVictim == ofVictim && !r.IsBetween && r.CanHave(wanted, isInserted: true)) || link.Target.Oid == _decisions.Reach.Root.Oid) return null;
        var promised = new ProbeRow(link.Target, ofVictim) { Values = new(wanted, StringComparer.Ordinal) };
        return _insert.Renew(promised, link.TargetColumns.Where(c => !wanted.ContainsKey(c)), ++_n) ? promised : null;
    }

    private async Task<ProbeRow> InsertAsync(ProbeRow row, int number, IReadOnlyDictionary<string, string?> pinned, CancellationToken cancellation)
    {
        try
        {
            return await InsertAsIsAsync(row, number, pinned, cancellation);
        }
        catch (NotMadeException)
        {
            // A CHECK or a trigger can ask for a reference that could be NULL.
            foreach (var link in _outgoing[row.Table.Oid].Where(l => !l.IsMandatory && l.Columns.All(c => row.Values.GetValueOrDefault(c) is null)).ToList())
            {
                Refer(row, link, await FindOrMakeAsync(link.Target, ofVictim: false, link.Wanted(row), [], cancellation));
                try
                {
                    return await InsertAsIsAsync(row, number, pinned, cancellation);
                }
                catch (NotMadeException)
                {
                    foreach (var column in link.Columns.Where(c => !row.Table.Column(c)!.NotNull)) row.Values[column] = null;
                }
            }

            throw;
        }
    }

    private async Task<ProbeRow> InsertAsIsAsync(ProbeRow row, int number, IReadOnlyDictionary<string, string?> pinned, CancellationToken cancellation)
    {
        var links = _outgoing[row.Table.Oid].SelectMany(l => l.Columns).ToHashSet(StringComparer.Ordinal);
        var why = "";
        var taken = new HashSet<ProbeRow>();
        foreach (var fill in Enum.GetValues<Fill>())
        {
            for (var tries = 0; tries < 8; tries++)
            {
                var refused = await _insert.TryAsync(row, number, fill, links, cancellation);
                if (refused is null)
                {
                    _rows.Add(row);
                    return row;
                }

                why = refused.Reason;
                if (refused.Duplicate.IsEmpty) break;
                number = ++_n;
                if (_insert.Renew(row, refused.Duplicate.Where(c => !links.Contains(c) && !pinned.ContainsKey(c)), number)) continue;
                // Rows of other parents, then; or it is the only one that there can be.
                var other = _outgoing[row.Table.Oid].FirstOrDefault(l => l.IsMandatory && l.Columns.Any(refused.Duplicate.Contains) && !l.Columns.Any(pinned.ContainsKey));
                if (other is not null)
                {
                    taken.UnionWith(_rows.Where(r => other.Holds(row, r)));
                    foreach (var column in other.Columns) row.Values.Remove(column);
                    Refer(row, other, await FindOrMakeAsync(other.Target, ofVictim: false, other.Wanted(row), taken, cancellation));
                    continue;
                }

                if (_rows.Find(r => r.Table.Oid == row.Table.Oid && refused.Duplicate.All(c => r.Values.GetValueOrDefault(c) == row.Values.GetValueOrDefault(c))) is { } same && pinned.All(p => same.Values.GetValueOrDefault(p.Key) == p.Value)) return same;
                break;
            }
        }

        throw new NotMadeException(why);
    }

    private static void Refer(ProbeRow row, Link link, ProbeRow target)
    {
        foreach (var (column, value) in link.To(target)) row.Values[column] = value;
    }

    /// <summary>A row with these values, made unless there is one.</summary>
    /// <param name="table">Its table.</param>
    /// <param name="ofVictim">Whose it is to be.</param>
    /// <param name="wanted">The values that it must have.</param>
    /// <param name="except">Rows that won't do.</param>
    /// <param name="cancellation">Cancels it.</param>
    /// <exception cref="NotMadeException">It can't be made.</exception>
    public async Task<ProbeRow> FindOrMakeAsync(Table table, bool ofVictim, IReadOnlyDictionary<string, string?> wanted, IReadOnlyCollection<ProbeRow> except, CancellationToken cancellation)
    {
        var reached = _decisions.Reach.Find(table);
        // What leads to no subject is nobody's, and serves both.
        ofVictim &= reached is not null;
        var fitting = _rows.Where(r => Covers(table, r.Table) && r.CanHave(wanted, isInserted: true) && !except.Contains(r)).ToList();
        if ((fitting.Find(r => r.OfVictim == ofVictim && !r.IsBetween) ?? (wanted.Count > 0 ? fitting.FirstOrDefault() : null)) is { } there) return there;

        // A row that refers to itself, or to one that waits for it: with keys chosen in advance a deferrable constraint allows the second.
        if (_begun.FirstOrDefault(r => Covers(table, r.Table) && r.OfVictim == ofVictim && !r.IsBetween && r.CanHave(wanted, isInserted: false) && !except.Contains(r)) is { } begun)
        {
            foreach (var (column, value) in wanted) begun.Values[column] = value;
            _insert.Renew(begun, table.PrimaryKey.Concat(_outgoing.SelectMany(o => o).Where(l => Covers(l.Target, begun.Table)).SelectMany(l => l.TargetColumns)).Distinct().Where(c => begun.Values.GetValueOrDefault(c) is null), ++_n);
            return begun;
        }

        if (table.Oid == _decisions.Reach.Root.Oid && ofVictim) throw new NotMadeException($"it needs a row of {table} with {string.Join(", ", wanted.Keys)} as another row has them, and the test user is a row already");
        var pinned = new Dictionary<string, string?>(wanted, StringComparer.Ordinal);
        if (reached is { Depth: > 0 } && WayIn(reached) is { } way && !way.Columns.All(pinned.ContainsKey))
        {
            foreach (var (column, value) in way.To(await FindOrMakeAsync(way.Target, ofVictim, ImmutableDictionary<string, string?>.Empty, [], cancellation))) pinned.TryAdd(column, value);
        }

        return await MakeAsync(table, ofVictim, pinned, cancellation);
    }

    // By what its rows become a subject's: the shortest way, or its soft reference.
    private Link? WayIn(ReachedTable reached) => _decisions.Reach.PathFrom(reached.Table) is [var first, ..] ? Link.Of(first)
        : _decisions.SoftReferences.Where(s => s.Table.Oid == reached.Table.Oid).Select(s => Link.Of(s, _decisions.Reach.Root)).FirstOrDefault();

    private bool Covers(Table table, Table other) => table.Oid == other.Oid || (table.IsPartitioned && _decisions.Catalog.AncestorsOf(other).Any(a => a.Oid == table.Oid));
}
