using Expunge.Graph;
using Expunge.Policy;

namespace Expunge.Verification;

/// <summary>What is the matter with tables rather than with references. Pure.</summary>
internal static class TableFindings
{
    public static IEnumerable<Finding> Of(Decisions decisions) => Unidentified(decisions).Concat(Leftovers(decisions)).Concat(Missing(decisions));

    private static IEnumerable<Finding> Unidentified(Decisions decisions) =>
        from table in decisions.Reach.Tables.Select(t => t.Table).Concat(decisions.All.Where(d => !d.Blocks).Select(d => d.Reference.Table)).SelectMany(decisions.Catalog.LeavesOf).DistinctBy(t => t.Oid)
        where !table.UnidentifiedIn.IsEmpty
        select new Finding(
            FindingCodes.NoReplicaIdentity, FindingSeverity.Warning, table.Name.Display(decisions.Schema), $"it is published by {string.Join(", ", table.UnidentifiedIn)} and has no replica identity: PostgreSQL refuses to delete or change its rows",
            $"give it a primary key, or  ALTER TABLE {table.Name.Sql} REPLICA IDENTITY FULL");

    private static IEnumerable<Finding> Leftovers(Decisions decisions) => decisions.Catalog.ForeignKeys.Where(f => f.Name.StartsWith(ReferenceGraph.TemporaryPrefix, StringComparison.Ordinal)).Select(f => new Finding(
        FindingCodes.Duplicate, FindingSeverity.Error, f.Table.Display(decisions.Schema), $"{f.Name} ({f.DeleteRule}) was left by an interrupted upgrade and acts beside the other", ReferenceFindings.Upgrade));

    private static IEnumerable<Finding> Missing(Decisions decisions) =>
        from t in decisions.MissingTables
        let g = decisions.Policy.Tables.First(g => g.Tables.Contains(t))
        where !g.Optional
        select new Finding(
            FindingCodes.MissingTable, FindingSeverity.Warning, t.Display(decisions.Schema), "the policy expects this table and it does not exist",
            $"remove {t.Display(decisions.Schema)} from the group '{g.Title}' of the policy's 'tables', or mark the group 'optional: true'");
}
