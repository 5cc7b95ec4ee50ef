using System.Collections.Immutable;
using Expunge.Policy;
using Expunge.Postgres;

namespace Expunge.Verification;

/// <summary>Finds columns that hold subjects' keys without a foreign key: by name, by type, and by a look at some of their values. It reads only, and never a whole large table.</summary>
public static class SoftSearch
{
    /// <summary>Searches all tables, those with telling names first.</summary>
    /// <param name="database">The database.</param>
    /// <param name="policy">What it declares is not searched for.</param>
    /// <param name="timeout">The time for all of it; what is not reached by then is judged by name and reported as not read. One table takes 5 s at most.</param>
    /// <param name="cancellation">Cancels it.</param>
    /// <exception cref="PolicyException">The policy names what does not exist or asks for what is impossible; all such places are listed.</exception>
    /// <exception cref="ExpungeException">
    /// The server can't be reached or worked on; or <see cref="ErrorCodes.RootNotFound"/>: the root does not exist, or has no primary key of one column; or
    /// <see cref="ErrorCodes.MissingRight"/>: this role may not read the root's keys.
    /// </exception>
    public static async Task<SoftReport> FindAsync(Database database, PolicyFile policy, TimeSpan timeout, CancellationToken cancellation = default)
    {
        await using var connection = await database.OpenAsync(cancellation);
        var decisions = Decisions.Of(await database.ReadCatalogAsync(connection, cancellation), policy);
        var candidates = SoftCandidates.Of(decisions);
        var reader = new SoftReader(connection, timeout);
        var judge = new SoftJudge(reader, decisions);
        var (found, unread) = (new List<(SoftColumn Column, SoftName Name)>(), new SortedDictionary<QualifiedName, string>());
        var statistics = await SoftStatistics.ReadAsync(reader, candidates, cancellation);
        var readable = await ReadableAsync(reader, candidates, unread, cancellation);
        foreach (var table in candidates.GroupBy(c => c.Table.Oid).OrderByDescending(g => g.Max(c => c.Name)).ThenBy(g => g.First().Table.Name))
        {
            Add(table.Except(readable).Select(c => (judge.ByName(c), c.Name)));
            var columns = table.Where(readable.Contains).ToList();
            if (columns.Count == 0) continue;
            try
            {
                Add(await judge.ByValuesAsync(columns, c => statistics.GetValueOrDefault((c.Table.Oid, c.Column.Name)), cancellation));
            }
            catch (SoftUnreadException e)
            {
                unread[columns[0].Table.Name] = e.Message;
                Add(columns.Select(c => (judge.ByName(c), c.Name)));
            }
        }

        return new SoftReport(
            decisions,
            [
                .. found.OrderBy(f => f.Column.Likelihood).ThenBy(f => f.Column.References.Oid != decisions.Reach.Root.Oid).ThenByDescending(f => f.Name).ThenBy(f => f.Column.Table.Name)
                    .ThenBy(f => f.Column.Column.Name, StringComparer.Ordinal).Select(f => f.Column),
            ],
            [.. unread.Select(u => new SoftUnread(u.Key, u.Value))]);

        void Add(IEnumerable<(SoftColumn? Column, SoftName Name)> judged) => found.AddRange(judged.Where(j => j.Column is not null).Select(j => (j.Column!, j.Name)));
    }

    private static async Task<HashSet<SoftCandidate>> ReadableAsync(SoftReader reader, ImmutableArray<SoftCandidate> candidates, SortedDictionary<QualifiedName, string> unread, CancellationToken cancellation)
    {
        try
        {
            var readable = (await reader.ListAsync(
                "SELECT u.n::int - 1 FROM unnest($1, $2::text[]) WITH ORDINALITY AS u(t, c, n) WHERE has_column_privilege(u.t, u.c, 'SELECT')", r => candidates[r.GetInt32(0)], cancellation,
                Commands.Oids(candidates.Select(c => c.Table.Oid)), candidates.Select(c => c.Column.Name).ToArray())).ToHashSet();
            foreach (var c in candidates.Where(c => !readable.Contains(c))) unread[c.Table.Name] = "this role may not read all of it";
            return readable;
        }
        catch (SoftUnreadException)
        {
            // Each table will say for itself.
            return [.. candidates];
        }
    }
}
