using System.Collections.Immutable;
using Expunge.Catalog;
using Expunge.Deletion;
using Expunge.Graph;
using Expunge.Policy;
using Expunge.Postgres;
using Npgsql;

namespace Expunge.Verification;

/// <summary>Counts the rows that belong to two different subjects today, which is where a shared reference matters.</summary>
public static class SharedRows
{
    /// <summary>The rows of a reference's table whose subject by this reference is another one than by the owner's reference.</summary>
    /// <param name="connection">An open connection in no transaction; it only reads.</param>
    /// <param name="catalog">The snapshot.</param>
    /// <param name="root">The root table.</param>
    /// <param name="suggestions">All suggestions.</param>
    /// <param name="suggestion">The one to count for.</param>
    /// <param name="cancellation">Cancels it.</param>
    /// <returns>The number, 0 for the owner's own reference; null when it could not be counted within five seconds or not read at all.</returns>
    public static async Task<long?> CountAsync(
        NpgsqlConnection connection, CatalogSnapshot catalog, Table root, ImmutableArray<Suggestion> suggestions, Suggestion suggestion, CancellationToken cancellation = default)
    {
        // Whose a row is, is told by the references that would delete it.
        var byReference = suggestions.ToDictionary(s => s.Reference, s => s.Action);
        var reach = Reach.Of(
            new ReferenceGraph(catalog), root,
            r => byReference.TryGetValue(r, out var action) ? action == PolicyAction.Cascade : !r.LetsGo);
        var reference = suggestion.Reference;
        var owner = reference.Table.Oid == root.Oid ? null : suggestions.Where(s => s.Reference.Table.Oid == reference.Table.Oid && s.Action == PolicyAction.Cascade).MinBy(s => (!s.Reference.IsMandatory, reach.DepthOf(s.Reference)))?.Reference;
        if (owner == reference) return 0;

        var links = await Links.ReadAsync(connection, root, cancellation);
        if (LinksBy(owner) is not { } mine || LinksBy(reference) is not { } other) return 0;
        var sql = SharedSql.Of(reference.Table, "", mine, other, root, links);
        return (await ReadOnlyScan.TryAsync(connection, TimeSpan.FromSeconds(5), () => connection.ListAsync($"SELECT count(*) {sql.Rows}", r => r.GetInt64(0), cancellation), cancellation)).Result?[0];

        ImmutableArray<Link>? LinksBy(Reference? way) => new SharedWay(reference.Table, way, null).LinksTo(catalog, reach, [], links);
    }

    /// <summary>Looks at each pair of different ways by which rows of a table are found, where one of them at least deletes: which rows have two subjects, and what each action would do to whom. Reads only.</summary>
    /// <param name="database">The database.</param>
    /// <param name="decisions">The policy, held against its catalog.</param>
    /// <param name="options">How.</param>
    /// <param name="cancellation">Cancels it.</param>
    public static async Task<SharedRowsReport> FindAsync(Database database, Decisions decisions, SharedRowsOptions options, CancellationToken cancellation = default)
    {
        await using var connection = await database.OpenAsync(cancellation);
        var links = await Links.ReadAsync(connection, decisions.Reach.Root, cancellation);
        var pairs = ImmutableArray.CreateBuilder<SharedPair>();
        foreach (var (table, first, second) in SharedWays.Pairs(decisions))
        {
            if (await new SharedPairReader(connection, decisions, links, options).ReadAsync(table, first, second, cancellation) is { } pair) pairs.Add(pair);
        }

        return new SharedRowsReport(decisions.Reach.Root.Name.ToString(), pairs.ToImmutable());
    }

    /// <summary>The rows that are one subject's and, by another way, others' too. Reads only.</summary>
    /// <param name="database">The database.</param>
    /// <param name="policy">The policy.</param>
    /// <param name="id">The subject's key as text.</param>
    /// <param name="timeout">How long the query for one pair of ways may take.</param>
    /// <param name="cancellation">Cancels it.</param>
    /// <returns>By table; ways without such rows are left out, those that could not be counted are not.</returns>
    /// <exception cref="ExpungeException"><see cref="ErrorCodes.BadId"/>: the key is not of the root key's type.</exception>
    public static async Task<ImmutableArray<SharedOfSubject>> OfAsync(Database database, PolicyFile policy, string id, TimeSpan timeout, CancellationToken cancellation = default)
    {
        await using var connection = await database.OpenAsync(cancellation);
        var decisions = Decisions.Of(await database.ReadCatalogAsync(connection, cancellation), policy);
        var root = decisions.Reach.Root;
        var key = SubjectKeys.Column(root);
        var keys = await SubjectKeys.ReadAsync(connection, root.Name, key, [id], cancellation);
        var links = await Links.ReadAsync(connection, root, cancellation);
        var found = ImmutableArray.CreateBuilder<SharedOfSubject>();
        foreach (var (table, first, second) in SharedWays.Pairs(decisions))
        {
            if (LinksBy(first) is not { } toFirst || LinksBy(second) is not { } toSecond) continue;
            var sql = SharedSql.Of(table, "", toFirst, toSecond, root, links);
            // Each from the subject's own row, so that indexes serve.
            var query = $"SELECT true, count(*), count(DISTINCT {sql.Second}) {sql.Rows} AND {Is(sql.FirstRow)} UNION ALL SELECT false, count(*), count(DISTINCT {sql.First}) {sql.Rows} AND {Is(sql.SecondRow)}";
            var (counts, whyNot) = await ReadOnlyScan.TryAsync(
                connection, timeout, () => connection.ListAsync(query, r => (ByFirst: r.GetBoolean(0), Rows: r.GetInt64(1), Others: r.GetInt64(2)), cancellation, keys.ToArray()), cancellation);
            if (counts is null) found.Add(Shared(first, second, null, 0, whyNot));
            else found.AddRange(counts.Where(c => c.Rows > 0).Select(c => c.ByFirst ? Shared(first, second, c.Rows, c.Others, null) : Shared(second, first, c.Rows, c.Others, null)));

            SharedOfSubject Shared(SharedWay way, SharedWay other, long? rows, long others, string? whyNot) =>
                new(table.Name.Display(decisions.Schema), way.Name(decisions.Schema), ActionOf(way), other.Name(decisions.Schema), rows, others, whyNot);
        }

        return [.. found.OrderBy(f => f.Table, StringComparer.Ordinal).ThenBy(f => f.Way, StringComparer.Ordinal).ThenBy(f => f.Other, StringComparer.Ordinal)];

        ImmutableArray<Link>? LinksBy(SharedWay way) => way.LinksTo(decisions.Catalog, decisions.Reach, decisions.SoftReferences, links);

        string Is(string row) => $"{row}.{SubjectKeys.In(key)}";

        string ActionOf(SharedWay way) => decisions.All.FirstOrDefault(d => d.Reference == way.Reference)?.Action.Word() ?? "delete";
    }
}
