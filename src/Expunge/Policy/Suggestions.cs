using System.Collections.Immutable;
using Expunge.Catalog;
using Expunge.Graph;

namespace Expunge.Policy;

/// <summary>
/// Proposes an action for every shared reference, so that the policy can be applied as it is: the row goes with its owner; who merely acted on it, or what it merely links to, is set null.
/// Pure; people review it.
/// </summary>
public static class Suggestions
{
    /// <summary>The proposals for a root without a policy, by depth and name.</summary>
    /// <param name="catalog">What the database has.</param>
    /// <param name="root">The root table; it exists.</param>
    public static ImmutableArray<Suggestion> For(CatalogSnapshot catalog, Table root)
    {
        var graph = new ReferenceGraph(catalog);
        var all = Reach.Of(graph, root, r => !IsKept(r));
        var suggested = all.Tables.Where(t => t.IsShared).SelectMany(t => t.Depth == 0 ? ForRoot(t) : ForTable(t, root)).ToDictionary(s => s.Reference);

        // A table must still be reached: where two tables would only hold on to each other, the way down from the root cascades.
        while (Reach.Of(graph, root, Deletes) is var reach && all.Tables.FirstOrDefault(t => reach.Find(t.Table) is null && t.Via.Any(r => Downward(r, t) && !Deletes(r))) is { } lost)
        {
            foreach (var reference in lost.Via.Where(r => Downward(r, lost) && !Deletes(r))) suggested[reference] = new(reference, PolicyAction.Cascade, "the way by which these rows are found");
        }

        return [.. all.References.Where(suggested.ContainsKey).Select(r => suggested[r])];

        bool Deletes(Reference r) => suggested.TryGetValue(r, out var s) ? s.Action == PolicyAction.Cascade : !IsKept(r);
        bool Downward(Reference r, ReachedTable t) => all.Find(r.ReferencedTable) is { } up && up.Depth < t.Depth;
    }

    private static bool IsKept(Reference reference) => reference.LetsGo;

    private static IEnumerable<Suggestion> ForRoot(ReachedTable root) => root.Via.Select(r => r.IsMandatory
        ? new Suggestion(r, PolicyAction.Retain, "deleting what it refers to must not delete another subject")
        : new Suggestion(r, PolicyAction.SetNull, "deleting what it refers to must not delete another subject"));

    private static IEnumerable<Suggestion> ForTable(ReachedTable table, Table root)
    {
        var direct = table.Via.Where(r => r.ReferencedTable.Oid == root.Oid).ToList();
        var owner = direct.FirstOrDefault(r => r.IsMandatory)
            ?? direct.FirstOrDefault(r => IsOwnerName(r.Columns, root))
            ?? table.Via.FirstOrDefault(r => r.IsMandatory && !r.IsSelf)
            ?? direct.FirstOrDefault();
        return table.Via.Select(r => r switch
        {
            _ when r.IsMandatory => new Suggestion(r, PolicyAction.Cascade, r == owner ? "the row's owner" : "NOT NULL: the row can't be without it"),
            // Nothing tells whose the row is (typically one of several links is filled): it goes with each.
            _ when owner is null => new Suggestion(r, PolicyAction.Cascade, "one of several links, none of them always filled"),
            _ when r == owner => new Suggestion(r, PolicyAction.Cascade, "named like the row's owner"),
            _ => new Suggestion(r, PolicyAction.SetNull, $"the row belongs to {string.Join(", ", owner.Columns)}; this is only a link or somebody who acted on it{Check(r)}"),
        });
    }

    private static string Check(Reference reference) =>
        reference.Table.Checks.FirstOrDefault(c => c.Columns.Intersect(reference.Columns).Any()) is { } check ? $"; CHECK {check.Name} reads the column and may refuse that" : "";

    private static bool IsOwnerName(ImmutableArray<string> columns, Table root)
    {
        if (columns is not [var column]) return false;
        var name = Plain(column);
        var table = Plain(root.Name.Name);
        var singular = table.EndsWith("ies", StringComparison.Ordinal) ? table[..^3] + "y" : table.TrimEnd('s');
        string[] owners = ["user", "owner", "account", singular, table];
        return owners.Any(o => name == o || name == o + "id");

        static string Plain(string text) => text.Replace("_", "", StringComparison.Ordinal).ToLowerInvariant();
    }
}
