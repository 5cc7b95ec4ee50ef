using System.Collections.Immutable;
using Expunge.Catalog;
using Expunge.Graph;
using Expunge.Policy;

namespace Expunge.Verification;

/// <summary>A way from the rows of a table to a subject: by a reference, by a soft one, or, in the root, by being the subject.</summary>
/// <param name="Table">The table.</param>
/// <param name="Reference">Null for the other two.</param>
/// <param name="Soft">Null for the other two.</param>
internal sealed record SharedWay(Table Table, Reference? Reference, SoftReference? Soft)
{
    public bool IsSubject => Reference is null && Soft is null;

    public ImmutableArray<string> Columns => Reference?.Columns ?? (Soft is not null ? [Soft.Column.Name] : []);

    public string Name(string schema) => Reference?.Display(schema) ?? Soft?.Display(schema) ?? Table.Name.Display(schema);

    /// <summary>The links from the row to its subject: the way's own, then the shortest of those that delete. Null where none leads there.</summary>
    public ImmutableArray<Link>? LinksTo(CatalogSnapshot catalog, Reach reach, ImmutableArray<SoftReference> softReferences, Links links)
    {
        if (IsSubject) return [];
        if (Soft is not null) return [links.Of(Soft)];
        // A reference to a partition, or to the table above it, finds the same rows.
        var up = catalog.AncestorsOf(Reference!.ReferencedTable).Concat(catalog.PartitionsOf(Reference.ReferencedTable)).Prepend(Reference.ReferencedTable).FirstOrDefault(t => reach.Find(t) is not null);
        if (up is null) return null;
        var path = reach.PathFrom(up);
        var last = path.IsEmpty ? up : path[^1].ReferencedTable;
        ImmutableArray<Link> found = [links.Of(Reference), .. path.Select(links.Of)];
        return last.Oid == reach.Root.Oid ? found
            : softReferences.FirstOrDefault(s => s.Table.Oid == last.Oid) is { } soft ? found.Add(links.Of(soft)) : null;
    }
}
