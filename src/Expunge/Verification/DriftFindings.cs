using Expunge.Catalog;
using Expunge.Policy;
using Expunge.Postgres;
using Expunge.Revisions;

namespace Expunge.Verification;

/// <summary>What the journal says that the last revision left, held against what there is. Pure.</summary>
internal static class DriftFindings
{
    private const string OrRevision = "or a new revision of the policy";

    /// <param name="decisions">The policy, held against the catalog.</param>
    /// <param name="revision">The revision's id, for messages.</param>
    /// <param name="constraints">What it did to constraints, in the order in which it was done.</param>
    /// <param name="indexes">The indexes that it built.</param>
    public static IEnumerable<Finding> Of(Decisions decisions, string revision, IReadOnlyList<ConstraintChange> constraints, IReadOnlyList<IndexDefinition> indexes)
    {
        var byTable = decisions.Catalog.ForeignKeys.ToLookup(f => f.Table);
        // The revision may have touched it more than once: the last is what it left.
        foreach (var change in constraints.GroupBy(c => (c.Any.Table, c.Name)).Select(g => g.Last()))
        {
            var now = byTable[change.Any.Table].FirstOrDefault(f => f.Name == change.Name);
            if (change.New is { } left ? now?.SameDefinition(left) != true : now is not null)
            {
                if (Changed(decisions, revision, change, now, byTable) is { } finding) yield return finding;
            }
        }

        foreach (var index in indexes)
        {
            // Where another one serves the same rows, or there is no such column any more, nobody misses it.
            if (decisions.Catalog.Find(index.Table) is not { } table || table.Indexes.Any(i => i.Supports(index.Columns)) || index.Columns.Any(c => table.Column(c) is null)) continue;
            var left = table.Indexes.FirstOrDefault(i => i.Name == index.Name);
            yield return new(
                FindingCodes.Drift, FindingSeverity.Warning, index.Table.Display(decisions.Schema),
                $"revision {revision} built the index {index.Name} on {string.Join(", ", index.Columns)}, and it {(left is null ? "is gone" : left.IsValid ? $"is now on {string.Join(", ", left.Columns.Select(c => c ?? "an expression"))}" : "is invalid now")}",
                IsNeeded(decisions, index) ? ReferenceFindings.Upgrade : Create(index, table, left is not null));
        }
    }

    private static Finding? Changed(Decisions decisions, string revision, ConstraintChange change, ForeignKey? now, ILookup<QualifiedName, ForeignKey> byTable)
    {
        // That of a table which was dropped is nobody's loss.
        if (decisions.Catalog.Find(change.Any.Table) is null)
        {
            return change.New is { } lost && decisions.Catalog.ForeignKeys.FirstOrDefault(f => f.Name == lost.Name && f.Clause == lost.Clause) is { } moved
                ? New(FindingSeverity.Warning, moved.Table, $"revision {revision} left {lost.Name} on {lost.Table.Display(decisions.Schema)}, and this table has it now: it was renamed", $"{Rename(moved.Table, lost.Table)}  {OrRevision}")
                : null;
        }

        if (change.New is not { } left)
        {
            return New(Severity(decisions, now!), now!.Table, $"revision {revision} dropped {now.Name}, a duplicate, and it is there again: {Words(now)}", $"ALTER TABLE {now.Table.Sql} DROP CONSTRAINT {Identifier.Quote(now.Name)};");
        }

        var was = $"revision {revision} left {left.Name} on {string.Join(", ", left.Columns)} as {Words(left)}, and it";
        if (now is null)
        {
            if (byTable[left.Table].FirstOrDefault(f => f.Clause == left.Clause) is { } renamed)
            {
                return New(FindingSeverity.Warning, left.Table, $"{was} is called {renamed.Name} now", $"ALTER TABLE {left.Table.Sql} RENAME CONSTRAINT {Identifier.Quote(renamed.Name)} TO {Identifier.Quote(left.Name)};");
            }

            return byTable[left.Table].FirstOrDefault(f => f.ReferencedTable == left.ReferencedTable && f.Columns.ToHashSet().SetEquals(left.Columns)) is { } other
                ? New(Severity(decisions, other), left.Table, $"{was} is gone; {other.Name} is there as {Words(other)}", $"ALTER TABLE {left.Table.Sql} RENAME CONSTRAINT {Identifier.Quote(other.Name)} TO {Identifier.Quote(left.Name)};  then  {ReferenceFindings.Upgrade}")
                : decisions.Catalog.Find(left.ReferencedTable) is not { } referenced || left.Columns.Any(c => decisions.Catalog.Table(left.Table).Column(c) is null) || left.ReferencedColumns.Any(c => referenced.Column(c) is null)
                    ? null
                    : New(FindingSeverity.Error, left.Table, $"{was} is gone: what refers to a deleted row stays", Add(decisions.Catalog, left));
        }

        var renames = string.Join(" ", Renames(decisions.Catalog, left, now));
        return New(
            Severity(decisions, now), left.Table, $"{was} is {Words(now)} now",
            renames.Length > 0 ? $"{renames}  {OrRevision}"
            : left.Clause == now.Clause ? $"{left.CommentSql};"
            : left.DeleteRule == now.DeleteRule && left.Enforced == now.Enforced ? $"ALTER TABLE {left.Table.Sql} DROP CONSTRAINT {Identifier.Quote(left.Name)}; {Add(decisions.Catalog, left)}"
            : ReferenceFindings.Upgrade);

        Finding New(FindingSeverity severity, QualifiedName table, string message, string repair) =>
            new(FindingCodes.Drift, severity, $"{table.Display(decisions.Schema)}.{Identifier.DisplayColumns(change.Any.Columns)}", message, repair);
    }

    // Somebody may have brought it to what the policy says today by hand.
    private static FindingSeverity Severity(Decisions decisions, ForeignKey now) =>
        decisions.All.FirstOrDefault(d => d.Reference.Constraints.Any(f => f.Table == now.Table && f.Name == now.Name)) is { IsFulfilled: true } ? FindingSeverity.Warning : FindingSeverity.Error;

    private static bool IsNeeded(Decisions decisions, IndexDefinition index) =>
        decisions.All.Any(d => d.Reference.Table.Name == index.Table && d.Reference.Columns.ToHashSet().SetEquals(index.Columns))
        || decisions.SoftReferences.Any(s => s.Table.Name == index.Table && index.Columns is [var only] && only == s.Column.Name);

    private static string Words(ForeignKey constraint) => constraint.Clause + (constraint.Comment is { } comment ? $" with the comment {Identifier.Literal(comment).TrimStart()}" : "");

    // PostgreSQL follows what is renamed: the constraint is the same one, by other names.
    private static IEnumerable<string> Renames(CatalogSnapshot catalog, ForeignKey left, ForeignKey now)
    {
        if (catalog.Find(left.ReferencedTable) is null) yield return Rename(now.ReferencedTable, left.ReferencedTable);
        else if (left.ReferencedTable != now.ReferencedTable) yield break;
        var columns = left.Columns.Zip(now.Columns, (was, isNow) => (In: now.Table, Of: left.Table, Was: was, Now: isNow))
            .Concat(left.ReferencedColumns.Zip(now.ReferencedColumns, (was, isNow) => (In: now.ReferencedTable, Of: left.ReferencedTable, Was: was, Now: isNow)));
        foreach (var c in columns.Where(c => catalog.Table(c.In).Column(c.Was) is null)) yield return $"ALTER TABLE {c.Of.Sql} RENAME COLUMN {Identifier.Quote(c.Now)} TO {Identifier.Quote(c.Was)};";
    }

    private static string Rename(QualifiedName now, QualifiedName was)
    {
        var renamed = now with { Name = was.Name };
        return string.Join(" ", new[] { now == renamed ? null : $"ALTER TABLE {now.Sql} RENAME TO {Identifier.Quote(was.Name)};", renamed == was ? null : $"ALTER TABLE {renamed.Sql} SET SCHEMA {Identifier.Quote(was.Schema)};" }.OfType<string>());
    }

    // A partitioned table's can't be built concurrently.
    private static string Create(IndexDefinition index, Table table, bool isTaken)
    {
        var concurrently = table.IsPartitioned ? "" : "CONCURRENTLY ";
        return $"{(isTaken ? $"DROP INDEX {concurrently}{index.QualifiedName.Sql}; " : "")}CREATE INDEX {concurrently}{Identifier.Quote(index.Name)} ON {index.Table.Sql} ({Identifier.QuoteAll(index.Columns)});";
    }

    // Partitioned tables before PostgreSQL 18 take no NOT VALID.
    private static string Add(CatalogSnapshot catalog, ForeignKey left)
    {
        var (table, name) = (left.Table.Sql, Identifier.Quote(left.Name));
        var add = $"ALTER TABLE {table} ADD CONSTRAINT {name} {left.Clause}";
        return (catalog.Table(left.Table).IsPartitioned && catalog.Server.Major < 18 ? $"{add};" : $"{add} NOT VALID; ALTER TABLE {table} VALIDATE CONSTRAINT {name};")
            + (left.Comment is null ? "" : $" {left.CommentSql};");
    }
}
