using System.Collections.Immutable;
using Expunge.Catalog;
using Expunge.Graph;
using Expunge.Policy;
using Expunge.Postgres;

namespace Expunge.Verification;

/// <summary>What is the matter with one reference: its rule, its state, its index. Pure.</summary>
internal static class ReferenceFindings
{
    public const string Upgrade = "expunge upgrade";

    public static IEnumerable<Finding> Of(Decision decision, Decisions decisions)
    {
        var (reference, name, wanted) = (decision.Reference, decision.Reference.Display(decisions.Schema), decision.Wanted);
        var (table, keep) = (reference.Table.Name.Sql, decision.Action == PolicyAction.Keep);
        // What somebody decided long ago is enforced and validated; what the policy says to keep is left alone.
        var upgrades = !keep || decision.Source == DecisionSource.Existing;
        if (reference.Constraints.Length > 1)
        {
            yield return new(
                FindingCodes.Duplicate, keep ? FindingSeverity.Warning : FindingSeverity.Error, name, $"{reference.Constraints.Length} foreign keys on the same columns: {string.Join(", ", reference.Constraints.Select(f => $"{f.Name} ({f.DeleteRule})"))}",
                keep ? string.Join(" ", reference.Constraints.Skip(1).Select(f => $"ALTER TABLE {table} DROP CONSTRAINT {Identifier.Quote(f.Name)};")) : Upgrade);
        }

        foreach (var constraint in reference.Constraints)
        {
            var quoted = Identifier.Quote(constraint.Name);
            foreach (var finding in Rule(decision, wanted, constraint, decisions)) yield return finding;
            if (!constraint.Enforced) yield return new(FindingCodes.NotEnforced, FindingSeverity.Error, name, $"{constraint.Name} is NOT ENFORCED: nothing happens to its rows", upgrades ? Upgrade : $"ALTER TABLE {table} ALTER CONSTRAINT {quoted} ENFORCED;");
            else if (!constraint.Validated) yield return new(FindingCodes.NotValidated, keep ? FindingSeverity.Warning : FindingSeverity.Error, name, $"{constraint.Name} is NOT VALID: existing rows were never checked", upgrades ? Upgrade : $"ALTER TABLE {table} VALIDATE CONSTRAINT {quoted};");
            if (constraint.HasDisabledTriggers) yield return new(FindingCodes.TriggersDisabled, FindingSeverity.Error, name, $"a trigger of {constraint.Name} is disabled: nothing happens to its rows", $"as superuser:  {Enable(constraint, decisions.Catalog)}");
        }

        if (!reference.HasIndex) yield return new(FindingCodes.MissingIndex, FindingSeverity.Warning, name, "no index leads with its columns: each deleted row reads the whole table", Upgrade);
        if (decision.Action == PolicyAction.Retain) yield return new(FindingCodes.Retained, FindingSeverity.Warning, name, $"its rows stay and block the deletion: {decision.Reason}", $"nothing, if that is meant; else another action for {name} in the policy, then  {Upgrade}");
    }

    /// <summary>One finding at most for a rule that is another one than the policy's, but two where a reference below the root can't lose what it must.</summary>
    private static IEnumerable<Finding> Rule(Decision decision, ForeignKey wanted, ForeignKey constraint, Decisions decisions)
    {
        var (reference, name) = (decision.Reference, decision.Reference.Display(decisions.Schema));
        var keep = decision.Action == PolicyAction.Keep;
        var differs = !keep && constraint.DeleteRule != wanted.DeleteRule;
        var fires = constraint.Fires(ForeignKeyEvent.ReferencedRowDeleted);
        var impossible = constraint.OnDelete is ReferentialAction.SetNull or ReferentialAction.SetDefault && !reference.CanBeSet(constraint.OnDelete, constraint.SetColumns);
        var below = differs && fires && decisions.Reach.DepthOf(reference) > 1 && (impossible || constraint.OnDelete is ReferentialAction.NoAction or ReferentialAction.Restrict);
        var repair = constraint.IsTemporal ? $"PostgreSQL has no action for a temporal foreign key; under 'references':  {name}: {{ action: retain, reason: the application deletes these rows first }}" : $"{Upgrade}, or, where a lock is no matter,  {Replace(constraint, wanted)}";
        if (impossible)
        {
            yield return new(
                FindingCodes.SetNullImpossible, keep ? FindingSeverity.Warning : FindingSeverity.Error, name,
                $"{constraint.Name} is ON DELETE {constraint.DeleteRule}, and {WhyImpossible(reference, constraint)}: PostgreSQL accepts that, and refuses to delete whoever has such a row",
                differs ? repair : Loosen(reference, constraint, name));
        }

        if (below)
        {
            yield return new(
                FindingCodes.BlockedBelow, FindingSeverity.Error, name,
                $"{constraint.Name} is ON DELETE {constraint.DeleteRule}, wanted is {wanted.DeleteRule}: its rows block the deletion of what they hang from, {Path(reference, decisions)}", repair);
        }
        else if (differs && !impossible)
        {
            yield return new(FindingCodes.NotAsPolicy, FindingSeverity.Error, name, $"{constraint.Name} is ON DELETE {constraint.DeleteRule}, wanted is {wanted.DeleteRule}", repair);
        }
    }

    // Of duplicates only the wanted one is made anew.
    private static string Replace(ForeignKey constraint, ForeignKey wanted) =>
        $"ALTER TABLE {constraint.Table.Sql} DROP CONSTRAINT {Identifier.Quote(constraint.Name)}{(constraint.Name == wanted.Name ? $", ADD CONSTRAINT {Identifier.Quote(wanted.Name)} {wanted.Clause}{(wanted.Comment is null ? "" : $"; {wanted.CommentSql}")}" : "")}";

    private static string Path(Reference reference, Decisions decisions)
    {
        ImmutableArray<Reference> path = [reference, .. decisions.Reach.PathFrom(reference.ReferencedTable)];
        var end = path[^1].ReferencedTable;
        var root = decisions.Reach.Root;
        return string.Join(" → ", path.Select(r => r.Table).Append(end).Select(t => t.Name.Display(decisions.Schema))) + (end.Oid == root.Oid ? "" : $" → {root.Name.Display(decisions.Schema)} (no foreign key)");
    }

    /// <summary>The columns that can't take what it sets.</summary>
    private static List<Column> Stuck(Reference reference, ForeignKey constraint) =>
    [
        .. (constraint.SetColumns.IsEmpty ? reference.Columns : constraint.SetColumns).Select(reference.Table.Column).OfType<Column>()
            .Where(c => c.IsGenerated || (c.NotNull && (constraint.OnDelete == ReferentialAction.SetNull || !c.HasDefault))),
    ];

    private static string WhyImpossible(Reference reference, ForeignKey constraint)
    {
        var stuck = Stuck(reference, constraint);
        if (stuck.Find(c => c.IsGenerated) is { } generated) return $"{generated.Name} is generated";
        return stuck.Count == 0 ? "under MATCH FULL its columns can be NULL only together"
            : $"{string.Join(", ", stuck.Select(c => c.Name))} {(stuck.Count == 1 ? "is" : "are")} NOT NULL{(constraint.OnDelete == ReferentialAction.SetDefault ? " without a default" : "")}";
    }

    private static string Loosen(Reference reference, ForeignKey constraint, string name)
    {
        var stuck = Stuck(reference, constraint);
        return stuck.Count == 0 || reference.IsMatchFull || stuck.Exists(c => c.IsGenerated || reference.Table.PrimaryKey.Contains(c.Name))
            ? $"another action for {name} in the policy (cascade, retain), then  {Upgrade}"
            : string.Join(" ", stuck.Select(c => $"ALTER TABLE {reference.Table.Name.Sql} ALTER COLUMN {Identifier.Quote(c.Name)} DROP NOT NULL;"));
    }

    // By name: ENABLE TRIGGER ALL would enable what somebody else disabled on purpose, too.
    private static string Enable(ForeignKey constraint, CatalogSnapshot catalog)
    {
        var disabled = constraint.Triggers.Where(t => !t.IsEnabled).Select(t => (Table: catalog.Tables.FirstOrDefault(c => c.Oid == t.Table), t.Name)).Where(t => t.Table is not null)
            .Select(t => $"ALTER TABLE {t.Table!.Name.Sql} ENABLE TRIGGER {Identifier.Quote(t.Name)};").ToList();
        return disabled.Count > 0 ? string.Join(" ", disabled) : string.Join(" ", new[] { constraint.Table, constraint.ReferencedTable }.Distinct().Select(t => $"ALTER TABLE {t.Sql} ENABLE TRIGGER ALL;"));
    }
}
