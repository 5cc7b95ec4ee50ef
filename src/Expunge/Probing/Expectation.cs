using System.Collections.Immutable;
using Expunge.Policy;

namespace Expunge.Probing;

/// <summary>What is to become of a row when the victim is deleted, by the policy alone. Pure.</summary>
/// <param name="Row">The row.</param>
/// <param name="IsGone">Whether it is to be gone.</param>
/// <param name="Changed">The columns that are to lose the deleted user's key; empty where it is to stay as it is.</param>
/// <param name="By">The links by which the deletion reaches it.</param>
internal sealed record Expectation(ProbeRow Row, bool IsGone, ImmutableArray<string> Changed, ImmutableArray<Link> By)
{
    /// <summary>Whether the row shows what becomes of those that refer by this link.</summary>
    public bool Of(Link link) => By.Contains(link);

    public static ImmutableArray<Expectation> Of(IReadOnlyList<ProbeRow> rows, ProbeRow victim, IReadOnlyList<(Link Link, Decision? Decision)> links, Decisions decisions)
    {
        var gone = new HashSet<ProbeRow> { victim };
        var byTable = links.SelectMany(l => decisions.Catalog.WithPartitions(l.Link.Table).Select(t => (t.Oid, l.Link, l.Decision))).ToLookup(l => l.Oid);
        // A soft reference deletes with the root's rows; a foreign key with any that are gone.
        for (var before = 0; before < gone.Count;)
        {
            before = gone.Count;
            gone.UnionWith(rows.Where(r => !gone.Contains(r) && byTable[r.Table.Oid].Any(l => l.Decision is null or { Deletes: true } && Hits(l.Link, r))).ToList());
        }

        return
        [
            .. rows.Select(r =>
            {
                var hit = byTable[r.Table.Oid].Where(l => Hits(l.Link, r)).ToList();
                var sets = gone.Contains(r) ? [] : hit.Where(l => l.Decision is { Deletes: false, Blocks: false }).SelectMany(l => l.Decision!.SetColumns.IsEmpty ? l.Link.Columns : l.Decision.SetColumns).Distinct().ToImmutableArray();
                return new Expectation(r, gone.Contains(r), sets, [.. hit.Select(l => l.Link)]);
            }),
        ];

        bool Hits(Link link, ProbeRow row) => gone.Any(g => Is(g, link) && link.Holds(row, g));

        bool Is(ProbeRow row, Link link) => row.Table.Oid == link.Target.Oid || decisions.Catalog.AncestorsOf(row.Table).Any(a => a.Oid == link.Target.Oid) || decisions.Catalog.AncestorsOf(link.Target).Any(a => a.Oid == row.Table.Oid);
    }
}
