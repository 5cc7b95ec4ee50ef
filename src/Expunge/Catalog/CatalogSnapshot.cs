using System.Collections.Frozen;
using System.Collections.Immutable;
using Expunge.Postgres;

namespace Expunge.Catalog;

/// <summary>What the database's catalog held at one moment. Immutable; read by <see cref="CatalogReader"/>.</summary>
public sealed class CatalogSnapshot
{
    private readonly FrozenDictionary<QualifiedName, Table> _byName;
    private readonly FrozenDictionary<uint, Table> _byOid;
    private readonly ILookup<uint, Table> _partitions;
    private readonly FrozenDictionary<uint, Table> _partitionedAsRead;

    /// <summary>Puts a snapshot together; tests of pure code make their own.</summary>
    /// <param name="server">The server.</param>
    /// <param name="tables">All tables outside PostgreSQL's own schemas and Expunge's.</param>
    /// <param name="foreignKeys">All declared foreign keys (<c>conparentid = 0</c>) of these tables.</param>
    /// <param name="relationNames">The names that a new index can't have: relations of any kind. Those of the tables and their indexes where left out.</param>
    public CatalogSnapshot(ServerInfo server, ImmutableArray<Table> tables, ImmutableArray<ForeignKey> foreignKeys, ImmutableArray<QualifiedName> relationNames = default)
    {
        RelationNames = relationNames.IsDefault ? [.. tables.Select(t => t.Name), .. tables.SelectMany(t => t.Indexes.Select(i => new QualifiedName(t.Name.Schema, i.Name)))] : relationNames;
        Server = server;
        ForeignKeys = foreignKeys;
        _partitions = tables.Where(t => t.PartitionOf is not null).ToLookup(t => t.PartitionOf!.Value);
        _partitionedAsRead = tables.Where(t => t.IsPartitioned).ToFrozenDictionary(t => t.Oid);
        Tables = [.. tables.Select(t => t.IsPartitioned ? WithPartitionsSuppressors(t) : t)];
        _byName = Tables.ToFrozenDictionary(t => t.Name);
        _byOid = Tables.ToFrozenDictionary(t => t.Oid);
    }

    /// <summary>The server.</summary>
    public ServerInfo Server { get; }

    /// <summary>The tables, by name.</summary>
    public ImmutableArray<Table> Tables { get; }

    /// <summary>The declared foreign keys, by table and name.</summary>
    public ImmutableArray<ForeignKey> ForeignKeys { get; }

    /// <summary>The names that are taken in the schemas: tables, indexes, views, sequences and types of them. Only those that begin as an index of ours would.</summary>
    public ImmutableArray<QualifiedName> RelationNames { get; }

    /// <summary>The materialized views that are filled, by name.</summary>
    public ImmutableArray<MaterializedView> MaterializedViews { get; init; } = [];

    /// <summary>The table of that name, or null.</summary>
    /// <param name="name">Schema and name.</param>
    public Table? Find(QualifiedName name) => _byName.GetValueOrDefault(name);

    /// <summary>The table of that name, which a foreign key of this snapshot names.</summary>
    /// <param name="name">Schema and name.</param>
    /// <exception cref="KeyNotFoundException">There is none.</exception>
    public Table Table(QualifiedName name) => _byName[name];

    /// <summary>The partitioned tables above a partition, nearest first; none for other tables.</summary>
    /// <param name="table">The table.</param>
    public IEnumerable<Table> AncestorsOf(Table table)
    {
        for (var t = table; t.PartitionOf is { } parent && _byOid.TryGetValue(parent, out var up); t = up) yield return up;
    }

    /// <summary>The partitions below a partitioned table, at every level; none for other tables.</summary>
    /// <param name="table">The table.</param>
    public IEnumerable<Table> PartitionsOf(Table table) => _partitions[table.Oid].SelectMany(WithPartitions);

    internal IEnumerable<Table> WithPartitions(Table table) => PartitionsOf(table).Prepend(table);

    /// <summary>The table with the suppressors that are its own, without those of its partitions.</summary>
    internal Table WithOwnSuppressors(Table table) => _partitionedAsRead.GetValueOrDefault(table.Oid, table);

    // A trigger on one partition keeps its rows from a cascade into the partitioned table.
    private Table WithPartitionsSuppressors(Table table) => table with
    {
        DeleteSuppressors = [.. table.DeleteSuppressors.Concat(PartitionsOf(table).SelectMany(p => p.DeleteSuppressors)).Distinct(StringComparer.Ordinal)],
        UpdateSuppressors = [.. table.UpdateSuppressors.Concat(PartitionsOf(table).SelectMany(p => p.UpdateSuppressors)).Distinct(StringComparer.Ordinal)],
    };

    /// <summary>The tables that hold the rows: the leaf partitions of a partitioned table, the table itself otherwise.</summary>
    /// <param name="table">The table.</param>
    public IEnumerable<Table> LeavesOf(Table table) => table.IsPartitioned ? PartitionsOf(table).Where(p => !p.IsPartitioned) : [table];
}
