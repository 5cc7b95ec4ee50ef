using System.Collections.Immutable;
using Expunge.Catalog;

namespace Expunge.Graph;

/// <summary>All references of a snapshot, by the table that they lead to. Pure: no I/O.</summary>
public sealed class ReferenceGraph
{
    /// <summary>Foreign keys with this prefix are a swap's own, in the middle of a partitioned table; they are neither shown nor judged.</summary>
    internal const string TemporaryPrefix = "expunge_tmp_";

    private readonly CatalogSnapshot _catalog;
    private readonly ILookup<uint, Reference> _incoming;

    /// <summary>Groups the foreign keys of a snapshot into references.</summary>
    /// <param name="catalog">The snapshot.</param>
    public ReferenceGraph(CatalogSnapshot catalog)
    {
        _catalog = catalog;
        References =
        [
            .. catalog.ForeignKeys
                .Where(f => !f.Name.StartsWith(TemporaryPrefix, StringComparison.Ordinal))
                .GroupBy(f => (f.Table, f.ReferencedTable, Pairs: string.Join('\0', f.Columns.Zip(f.ReferencedColumns, (a, b) => $"{a}\u0001{b}").Order(StringComparer.Ordinal))))
                .Select(g => new Reference(catalog.Table(g.Key.Table), catalog.Table(g.Key.ReferencedTable), [.. g.OrderBy(f => f.Name, StringComparer.Ordinal)])),
        ];
        _incoming = References.ToLookup(r => r.ReferencedTable.Oid);
    }

    /// <summary>All references, in the order of their foreign keys.</summary>
    public ImmutableArray<Reference> References { get; }

    internal uint TreeOf(Table table) => _catalog.AncestorsOf(table).LastOrDefault(table).Oid;

    /// <summary>
    /// The references that a deleted row of the table can set off: those to the table itself, and, as partitions share their rows with the tables above them, those to its
    /// partitions and to the partitioned tables above it.
    /// </summary>
    /// <param name="table">The table that loses rows.</param>
    public IEnumerable<Reference> To(Table table) =>
        _catalog.AncestorsOf(table).Concat(_catalog.PartitionsOf(table)).Prepend(table).SelectMany(t => _incoming[t.Oid]);
}
