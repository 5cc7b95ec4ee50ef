using System.Collections.Immutable;
using Expunge.Catalog;
using Expunge.Graph;
using Expunge.Policy;
using Expunge.Postgres;

namespace Expunge.Revisions;

/// <summary>Computes a <see cref="Plan"/>. Pure: the same catalog and policy give the same plan.</summary>
public static class Planner
{
    /// <summary>What upgrade would do.</summary>
    /// <param name="decisions">The policy, held against the catalog.</param>
    public static Plan Upgrade(Decisions decisions)
    {
        var changes = new List<ConstraintChange>();
        var validations = new List<(ForeignKey Wanted, ForeignKey? Former)>();
        var problems = new List<PlanProblem>();
        foreach (var decision in decisions.All)
        {
            var (wanted, present) = (decision.Wanted, decision.Reference.Constraints);
            var mine = (decision.Action != PolicyAction.Keep ? present.Select(f => new ConstraintChange(f, f.Name == wanted.Name ? wanted : null))
                    : decision.Source == DecisionSource.Existing ? present.Select(f => new ConstraintChange(f, f with { Enforced = true, Validated = true })) : [])
                .Where(c => c.New is null || !c.Former!.SameDefinition(c.New)).ToList();
            // The one that stays as it is, also where only its duplicates go.
            var toValidate = present.FirstOrDefault(f => f is { Validated: false, Enforced: true } && f.SameDefinition(wanted) && (decision.Action != PolicyAction.Keep || decision.Source == DecisionSource.Existing));
            if (mine.Count == 0 && toValidate is null)
            {
                if (present.FirstOrDefault(f => f.HasDisabledTriggers) is { } disabled && decision.Action != PolicyAction.Keep)
                {
                    problems.Add(new PlanProblem(
                        decision.Reference.Table, $"a trigger of {disabled.Name} is disabled, so nothing happens to its rows",
                        $"As superuser:  ALTER TABLE {decision.Reference.Table.Name.Sql} ENABLE TRIGGER ALL;  ALTER TABLE {disabled.ReferencedTable.Sql} ENABLE TRIGGER ALL;"));
                }

                continue;
            }

            if (WhyNot(decision.Reference.Table, decisions.Catalog.Server, present) is { } problem) { problems.Add(problem); continue; }
            changes.AddRange(mine);
            if (toValidate is not null) validations.Add((toValidate with { Validated = true }, toValidate));
            validations.AddRange(mine.Where(c => c.New is not null).Select(c => (c.New!, (ForeignKey?)null)));
        }

        foreach (var soft in decisions.SoftReferences.Where(s => s.Enforce))
        {
            var root = decisions.Reach.Root;
            var added = new ForeignKey
            {
                Name = Identifier.Truncate($"{soft.Table.Name.Name}_{soft.Column.Name}", "_fkey"),
                Table = soft.Table.Name,
                Columns = [soft.Column.Name],
                ReferencedTable = root.Name,
                ReferencedColumns = root.PrimaryKey,
                OnDelete = ReferentialAction.Cascade,
            };
            if (WhyNot(soft.Table, decisions.Catalog.Server, []) is { } problem) { problems.Add(problem); continue; }
            changes.Add(new ConstraintChange(null, added));
            validations.Add((added, null));
        }

        var (indexes, indexProblems) = MissingIndexes(decisions);
        return new Plan(decisions, [.. indexes, .. Swaps(decisions.Catalog, changes, validations)], [.. problems.Concat(indexProblems)]);
    }

    /// <summary>The swap, validate and partition steps for a set of changes: one swap a table, then the validations, largest table first, then what needs both at once.</summary>
    internal static IEnumerable<Step> Swaps(CatalogSnapshot catalog, IReadOnlyCollection<ConstraintChange> changes, IReadOnlyCollection<(ForeignKey Wanted, ForeignKey? Former)> validations)
    {
        var references = catalog.ForeignKeys.ToLookup(f => f.ReferencedTable);
        // Duplicates go first and come back last: beside one that is NOT ENFORCED a partitioned table takes no enforced one.
        var byTable = changes.GroupBy(c => c.Any.Table).Select(g => (Table: catalog.Table(g.Key), Changes: g.OrderBy(c => (c.New is not null, c.Former is null)).ToImmutableArray())).ToList();
        // What an interrupted partition step left behind and this run does not go on with.
        var partitioned = byTable.Where(t => NeedsPartitionWay(catalog, t.Table)).ToList();
        var inUse = partitioned.SelectMany(t => catalog.PartitionsOf(t.Table)).Select(t => t.Name).ToHashSet();
        var leftovers = catalog.ForeignKeys.Where(f => f.Name.StartsWith(ReferenceGraph.TemporaryPrefix, StringComparison.Ordinal) && !inUse.Contains(f.Table));
        foreach (var leftover in leftovers.GroupBy(f => f.Table)) yield return Swap(catalog.Table(leftover.Key), [.. leftover.Select(f => new ConstraintChange(f, null))]);

        foreach (var (table, mine) in byTable.Where(t => !NeedsPartitionWay(catalog, t.Table))) yield return Swap(table, mine);
        var scanned = validations.Select(v => (Table: catalog.Table(v.Wanted.Table), v.Wanted, v.Former)).Where(v => !NeedsPartitionWay(catalog, v.Table));
        foreach (var (table, wanted, former) in scanned.OrderByDescending(v => catalog.LeavesOf(v.Table).Sum(t => t.Bytes))) yield return new ValidateStep(table, wanted, [.. catalog.PartitionsOf(table)], former);

        foreach (var (table, mine) in partitioned) yield return new PartitionedSwapStep(table, mine, [.. catalog.LeavesOf(table)], Locked(table, mine));

        SwapStep Swap(Table table, ImmutableArray<ConstraintChange> mine) => new(table, mine, Locked(table, mine));

        // A reader of the child then delays only readers of the child, and the table that most refer to is held for the shortest time.
        ImmutableArray<Table> Locked(Table table, IEnumerable<ConstraintChange> mine) =>
        [
            .. catalog.WithPartitions(table),
            .. mine.Select(c => c.Any.ReferencedTable).Distinct().Where(t => t != table.Name).OrderBy(t => references[t].Count()).ThenBy(t => t).SelectMany(t => catalog.WithPartitions(catalog.Table(t))),
        ];
    }

    private static bool NeedsPartitionWay(CatalogSnapshot catalog, Table table) => table.IsPartitioned && catalog.Server.Major < 18;

    /// <summary>Whether PostgreSQL takes a partition's index for the parent's new one instead of building another under lock: same kind, same columns, no condition (indexcmds.c, CompareIndexInfo).</summary>
    private static bool Attaches(TableIndex index, ImmutableArray<string> columns) =>
        index is { IsValid: true, IsUnique: false, Method: "btree", Predicate: null } && index.Columns.SequenceEqual(columns, StringComparer.Ordinal);

    private static PlanProblem? WhyNot(Table table, ServerInfo server, ImmutableArray<ForeignKey> constraints) =>
        constraints.FirstOrDefault(f => f.IsTemporal) is { } temporal
            ? new PlanProblem(table, $"{temporal.Name} is a temporal foreign key (PERIOD), for which PostgreSQL has no action but NO ACTION", "Delete its rows in the application, before the user.")
            : !table.CanAlter
                ? new PlanProblem(table, $"role {server.Role} does not own it ({table.Owner} does), and only the owner may change its constraints", $"Connect as {table.Owner}, or have it run  GRANT {Identifier.Quote(table.Owner)} TO {Identifier.Quote(server.Role)};")
                : null;

    private static (IEnumerable<Step> Steps, IEnumerable<PlanProblem> Problems) MissingIndexes(Decisions decisions)
    {
        var missing = decisions.All.Where(d => !d.Reference.HasIndex).Select(d => (d.Reference.Table, d.Reference.Columns))
            .Concat(decisions.SoftReferences.Where(s => !s.HasIndex).Select(s => (s.Table, Columns: ImmutableArray.Create(s.Column.Name))))
            .DistinctBy(m => (m.Table.Oid, string.Join('\0', m.Columns.Order(StringComparer.Ordinal)))).ToList();
        // An invalid index under the name that ours would have is taken for our own, left by an interrupted build; the step asks the journal.
        var invalid = decisions.Catalog.Tables.SelectMany(t => t.Indexes.Where(i => !i.IsValid).Select(i => new QualifiedName(t.Name.Schema, i.Name))).ToHashSet();
        var taken = decisions.Catalog.RelationNames.Where(n => !invalid.Contains(n)).ToHashSet();
        var steps = new List<Step>();
        var problems = new List<PlanProblem>();
        foreach (var (table, columns) in missing)
        {
            if (WhyNot(table, decisions.Catalog.Server, []) is { } problem) { problems.Add(problem); continue; }
            var index = Name(table, columns);
            var leaves = table.IsPartitioned ? decisions.Catalog.LeavesOf(table).Where(l => !l.Indexes.Any(i => Attaches(i, columns))).Select(l => Name(l, columns)).ToImmutableArray() : [];
            steps.Add(new CreateIndexStep(table, index, leaves, [.. decisions.Catalog.WithPartitions(table)]));
        }

        return (steps, problems.DistinctBy(p => p.Table.Oid));

        IndexDefinition Name(Table table, ImmutableArray<string> columns)
        {
            for (var n = 0; ; n++)
            {
                var name = Identifier.Truncate($"ix_{table.Name.Name}_{string.Join('_', columns)}", n == 0 ? "" : $"_{n}");
                if (taken.Add(new QualifiedName(table.Name.Schema, name))) return new IndexDefinition(name, table.Name, columns);
            }
        }
    }
}
