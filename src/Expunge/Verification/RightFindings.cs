using Expunge.Catalog;
using Expunge.Policy;
using Expunge.Postgres;

namespace Expunge.Verification;

/// <summary>What this session's role may not do, and an upgrade or a deletion must. Pure.</summary>
internal static class RightFindings
{
    public static IEnumerable<Finding> Of(Decisions decisions) => [.. Ownership(decisions), .. Rights(decisions)];

    private static IEnumerable<Finding> Ownership(Decisions decisions)
    {
        var role = decisions.Catalog.Server.Role;
        var broken = decisions.All.Where(d => (d.Action != PolicyAction.Keep || d.Source == DecisionSource.Existing) && !d.IsFulfilled).Select(d => d.Reference).ToList();
        var enforced = decisions.SoftReferences.Where(s => s.Enforce).Select(s => s.Table).ToList();
        var changed = broken.Select(r => r.Table).Concat(enforced).DistinctBy(t => t.Oid).ToList();
        foreach (var table in changed.Where(t => !t.CanAlter))
        {
            yield return new(
                FindingCodes.MissingRight, FindingSeverity.Error, table.Name.Display(decisions.Schema), $"upgrade must change it, and {role} is not a member of its owner {table.Owner}",
                $"GRANT {Identifier.Quote(table.Owner)} TO {Identifier.Quote(role)};  or connect as {table.Owner}");
        }

        foreach (var table in broken.Select(r => r.ReferencedTable).Concat(enforced.Select(_ => decisions.Reach.Root)).DistinctBy(t => t.Oid).Where(t => !t.CanReference))
        {
            yield return new(
                FindingCodes.MissingRight, FindingSeverity.Error, table.Name.Display(decisions.Schema), $"upgrade must make a foreign key to it, and {role} has no REFERENCES on it", Grant("REFERENCES", [table], role));
        }

        // Nothing is to be changed there today.
        var known = changed.Select(t => t.Oid).ToHashSet();
        foreach (var owner in decisions.All.Select(d => d.Reference.Table).Concat(decisions.SoftReferences.Select(s => s.Table)).Where(t => !t.CanAlter && !known.Contains(t.Oid)).DistinctBy(t => t.Oid).GroupBy(t => t.Owner))
        {
            yield return new(
                FindingCodes.MissingRight, FindingSeverity.Warning, $"role {role}", $"it is not a member of {owner.Key}, so it can't upgrade {Names(owner, decisions)} when one of them is changed", $"GRANT {Identifier.Quote(owner.Key)} TO {Identifier.Quote(role)};  or upgrade as {owner.Key}");
        }
    }

    private static IEnumerable<Finding> Rights(Decisions decisions)
    {
        var root = decisions.Reach.Root;
        var soft = decisions.SoftReferences.Select(s => s.Table).ToList();
        var moved = decisions.All.Where(d => d.Action == PolicyAction.Reassign).Select(d => d.Reference.Table).ToList();
        // The rows are counted in the tables that hold them: partitions.
        var all = WithPartitions(decisions.Tables, decisions);
        foreach (var finding in Missing("USAGE", t => t.CanUseSchema, all, "nothing in its schema can be seen", FindingSeverity.Error)) yield return finding;
        foreach (var finding in Missing("SELECT", t => t.CanSelect, all, "its rows can't be counted, and not searched for what is left", FindingSeverity.Error)) yield return finding;
        foreach (var finding in Missing("DELETE", t => t.CanDelete, [root, .. soft], "its rows can't be deleted", FindingSeverity.Error)) yield return finding;
        foreach (var finding in Missing("UPDATE", t => t.CanUpdate, [root, .. moved], "its rows can't be locked or changed", FindingSeverity.Error)) yield return finding;
        foreach (var table in all.Where(t => t.HidesRows))
        {
            yield return new(
                FindingCodes.MissingRight, FindingSeverity.Error, table.Name.Display(decisions.Schema), $"its row-level security applies to {decisions.Catalog.Server.Role}, who may not see all rows: what reads or deletes them is refused",
                $"as superuser:  ALTER ROLE {Identifier.Quote(decisions.Catalog.Server.Role)} BYPASSRLS;  or connect as {table.Owner}");
        }

        // A cascade acts with the owner's rights. A user with too many rows for one transaction is deleted table by table.
        var deleted = WithPartitions(decisions.Reach.Tables.Select(t => t.Table), decisions).ExceptBy(soft.Append(root).Select(t => t.Oid), t => t.Oid);
        var updated = WithPartitions(decisions.All.Where(d => !d.Deletes && !d.Blocks).Select(d => d.Reference.Table), decisions).ExceptBy(moved.Append(root).Select(t => t.Oid), t => t.Oid);
        foreach (var finding in Missing("DELETE", t => t.CanDelete, deleted, "a user with very many rows, who is deleted table by table, can't be deleted", FindingSeverity.Warning)) yield return finding;
        foreach (var finding in Missing("UPDATE", t => t.CanUpdate, updated, "a user with very many rows, who is deleted table by table, can't be deleted", FindingSeverity.Warning)) yield return finding;

        IEnumerable<Finding> Missing(string right, Func<Table, bool> has, IEnumerable<Table> tables, string meaning, FindingSeverity severity)
        {
            var lacking = tables.DistinctBy(t => t.Oid).Where(t => !has(t)).ToList();
            if (lacking.Count == 0) yield break;
            var role = decisions.Catalog.Server.Role;
            yield return new(
                FindingCodes.MissingRight, severity, lacking is [var one] ? one.Name.Display(decisions.Schema) : $"role {role}", right == "USAGE"
                    ? $"{role} has no USAGE on the schema of {Names(lacking, decisions)}: {meaning}" : $"{role} has no {right} on {Names(lacking, decisions)}: {meaning}",
                right == "USAGE" ? $"GRANT USAGE ON SCHEMA {Identifier.QuoteAll(lacking.Select(t => t.Name.Schema).Distinct())} TO {Identifier.Quote(role)};" : Grant(right, lacking, role));
        }
    }

    private static List<Table> WithPartitions(IEnumerable<Table> tables, Decisions decisions) => [.. tables.SelectMany(decisions.Catalog.WithPartitions).DistinctBy(t => t.Oid)];

    private static string Grant(string right, IReadOnlyCollection<Table> tables, string role) => $"GRANT {right} ON {string.Join(", ", tables.Select(t => t.Name.Sql))} TO {Identifier.Quote(role)};";

    private static string Names(IEnumerable<Table> tables, Decisions decisions)
    {
        var names = tables.Select(t => t.Name.Display(decisions.Schema)).ToList();
        return names.Count <= 5 ? string.Join(", ", names) : $"{string.Join(", ", names.Take(4))} and {names.Count - 4} more";
    }
}
