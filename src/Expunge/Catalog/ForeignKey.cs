using System.Collections.Immutable;
using System.Text;
using System.Text.Json.Serialization;
using Expunge.Postgres;

namespace Expunge.Catalog;

/// <summary>
/// The whole definition of a foreign key: all that is needed to make the same one again. What the journal keeps.
/// </summary>
public sealed record ForeignKey
{
    /// <summary>The constraint's name, unique within its table only.</summary>
    public required string Name { get; init; }

    /// <summary>The referencing table.</summary>
    public required QualifiedName Table { get; init; }

    /// <summary>The referencing columns, in the constraint's order.</summary>
    public required ImmutableArray<string> Columns { get; init; }

    /// <summary>The referenced table.</summary>
    public required QualifiedName ReferencedTable { get; init; }

    /// <summary>The referenced columns, each at the place of its referencing one.</summary>
    public required ImmutableArray<string> ReferencedColumns { get; init; }

    /// <summary>ON DELETE.</summary>
    public ReferentialAction OnDelete { get; init; }

    /// <summary>The column list of <c>SET NULL (…)</c> or <c>SET DEFAULT (…)</c>, PostgreSQL 15 and later; empty means all columns.</summary>
    public ImmutableArray<string> SetColumns { get; init; } = [];

    /// <summary>ON UPDATE.</summary>
    public ReferentialAction OnUpdate { get; init; }

    /// <summary>Whether it is MATCH FULL; otherwise MATCH SIMPLE.</summary>
    public bool MatchFull { get; init; }

    /// <summary>DEFERRABLE.</summary>
    public bool Deferrable { get; init; }

    /// <summary>INITIALLY DEFERRED.</summary>
    public bool InitiallyDeferred { get; init; }

    /// <summary>Whether all rows were checked (<c>convalidated</c>).</summary>
    public bool Validated { get; init; } = true;

    /// <summary>Whether it is checked at all (NOT ENFORCED exists from PostgreSQL 18).</summary>
    public bool Enforced { get; init; } = true;

    /// <summary>Whether it is a temporal key with PERIOD (PostgreSQL 18).</summary>
    public bool IsTemporal { get; init; }

    /// <summary>COMMENT ON CONSTRAINT; null without one.</summary>
    public string? Comment { get; init; }

    /// <summary>Its <c>pg_constraint.oid</c>; changes when it is made anew, so it is no part of the definition.</summary>
    [JsonIgnore]
    public uint Oid { get; init; }

    /// <summary>
    /// Those of its triggers that are not as they were made, as <c>check insert D</c>: what the trigger does (<c>check</c> or <c>action</c>), at which event, and its <c>tgenabled</c>
    /// (D disabled, R only on a replica, A always).
    /// </summary>
    public ImmutableArray<string> TriggerStates { get; init; } = [];

    /// <summary>Its triggers, those of partitions too, by name. Read with a whole snapshot only.</summary>
    [JsonIgnore]
    public ImmutableArray<ForeignKeyTrigger> Triggers { get; init; } = [];

    /// <summary>Whether one of its triggers, or of those of its partitions, does not fire, so that it is not upheld.</summary>
    [JsonIgnore]
    public bool HasDisabledTriggers => Triggers.Any(t => !t.IsEnabled) || TriggerStates.Any(s => s[^1] is 'D' or 'R');

    /// <summary>Whether anything happens then: it is enforced, and the trigger (of one partition at least) is enabled.</summary>
    /// <param name="happened">What happened.</param>
    public bool Fires(ForeignKeyEvent happened) =>
        Enforced && (Triggers.Where(t => t.Event == happened).ToList() is not { Count: > 0 } mine || mine.Exists(t => t.IsEnabled));

    /// <summary>The definition as the words after <c>ADD CONSTRAINT name</c>, without NOT VALID. Two constraints with the same words behave the same.</summary>
    [JsonIgnore]
    public string Clause
    {
        get
        {
            var sql = new StringBuilder($"FOREIGN KEY ({Identifier.QuoteAll(Columns)}) REFERENCES {ReferencedTable.Sql} ({Identifier.QuoteAll(ReferencedColumns)})");
            if (MatchFull) sql.Append(" MATCH FULL");
            if (OnUpdate != ReferentialAction.NoAction) sql.Append(" ON UPDATE ").Append(OnUpdate.ToSql());
            if (OnDelete != ReferentialAction.NoAction) sql.Append(" ON DELETE ").Append(OnDelete.ToSql());
            if (!SetColumns.IsEmpty) sql.Append(" (").Append(Identifier.QuoteAll(SetColumns)).Append(')');
            if (Deferrable) sql.Append(" DEFERRABLE");
            if (InitiallyDeferred) sql.Append(" INITIALLY DEFERRED");
            if (!Enforced) sql.Append(" NOT ENFORCED");
            return sql.ToString();
        }
    }

    /// <summary>The statement that gives it its comment, or none.</summary>
    [JsonIgnore]
    internal string CommentSql => $"COMMENT ON CONSTRAINT {Identifier.Quote(Name)} ON {Table.Sql} IS {(Comment is null ? "NULL" : Identifier.Literal(Comment).TrimStart())}";

    /// <summary>ON DELETE for people, with its column list: <c>SET NULL (author_id)</c>.</summary>
    [JsonIgnore]
    public string DeleteRule => SetColumns.IsEmpty ? OnDelete.ToSql() : $"{OnDelete.ToSql()} ({string.Join(", ", SetColumns)})";

    /// <summary>Whether both are the same in everything but validation, which may lag behind.</summary>
    /// <param name="other">The other one.</param>
    public bool SameDefinition(ForeignKey other) =>
        Name == other.Name && Table == other.Table && Clause == other.Clause && Comment == other.Comment;
}
