using System.Collections.Immutable;
using Expunge.Postgres;

namespace Expunge.Catalog;

/// <summary>A table, ordinary or partitioned, or a partition.</summary>
public sealed record Table
{
    /// <summary>Its <c>pg_class.oid</c>.</summary>
    public required uint Oid { get; init; }

    /// <summary>Its schema and name.</summary>
    public required QualifiedName Name { get; init; }

    /// <summary>Whether it is partitioned (and so holds no rows itself).</summary>
    public bool IsPartitioned { get; init; }

    /// <summary>The partitioned table that it is a partition of; null for others.</summary>
    public uint? PartitionOf { get; init; }

    /// <summary>The owning role.</summary>
    public string Owner { get; init; } = "";

    /// <summary>Whether this session's role is a member of the owner, which ALTER TABLE needs.</summary>
    public bool CanAlter { get; init; } = true;

    /// <summary>Whether this session's role may use its schema, without which no right to the table counts.</summary>
    public bool CanUseSchema { get; init; } = true;

    /// <summary>Whether this session's role has SELECT on the whole of it.</summary>
    public bool CanSelect { get; init; } = true;

    /// <summary>Whether this session's role has UPDATE on one of its columns at least, which locking its rows needs, too.</summary>
    public bool CanUpdate { get; init; } = true;

    /// <summary>Whether this session's role has DELETE.</summary>
    public bool CanDelete { get; init; } = true;

    /// <summary>Whether this session's role has REFERENCES on one of its columns at least, which making a foreign key to it needs.</summary>
    public bool CanReference { get; init; } = true;

    /// <summary>Whether row-level security applies to this session's role.</summary>
    public bool HidesRows { get; init; }

    /// <summary>The planner's estimate of its rows.</summary>
    public long EstimatedRows { get; init; }

    /// <summary>The planner's estimate of its size in bytes, without indexes.</summary>
    public long Bytes { get; init; }

    /// <summary>Its columns, in order.</summary>
    public ImmutableArray<Column> Columns { get; init; } = [];

    /// <summary>Its indexes, by name.</summary>
    public ImmutableArray<TableIndex> Indexes { get; init; } = [];

    /// <summary>Its CHECK constraints.</summary>
    public ImmutableArray<CheckConstraint> Checks { get; init; } = [];

    /// <summary>What could keep a cascade from deleting its rows: BEFORE DELETE row triggers, rules, forced row-level security, inheritance children.</summary>
    public ImmutableArray<string> DeleteSuppressors { get; init; } = [];

    /// <summary>The publications that publish its deletions or updates although it has no replica identity: PostgreSQL refuses these then.</summary>
    public ImmutableArray<string> UnidentifiedIn { get; init; } = [];

    /// <summary>What could keep SET NULL or SET DEFAULT from changing its rows; as <see cref="DeleteSuppressors"/>.</summary>
    public ImmutableArray<string> UpdateSuppressors { get; init; } = [];

    /// <summary>The columns of its primary key; empty where it has none.</summary>
    public ImmutableArray<string> PrimaryKey => Indexes.FirstOrDefault(i => i.IsPrimary) is { } index ? [.. index.Columns.OfType<string>()] : [];

    /// <summary>The column of that name, or null.</summary>
    /// <param name="name">The name, exactly as in the catalog.</param>
    public Column? Column(string name) => Columns.FirstOrDefault(c => c.Name == name);

    /// <summary>The table as foreign keys see it, for SQL: with its partitions, without inheritance children. A cascade works with ONLY (ri_triggers.c), and ALTER TABLE gives those no foreign key.</summary>
    internal string OnlySql => IsPartitioned ? Name.Sql : $"ONLY {Name.Sql}";

    /// <inheritdoc/>
    public override string ToString() => Name.ToString();
}
