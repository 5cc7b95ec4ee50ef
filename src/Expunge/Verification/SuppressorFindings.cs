using Expunge.Catalog;
using Expunge.Policy;
using Expunge.Postgres;

namespace Expunge.Verification;

/// <summary>What could keep an action from taking effect, or refuse it, although the constraint is right. Pure.</summary>
internal static class SuppressorFindings
{
    private const string Try = "expunge probe  tries it";

    public static IEnumerable<Finding> OfRoot(Decisions decisions) => decisions.Reach.Root.DeleteSuppressors.Select(s => new Finding(
        FindingCodes.Suppressor, FindingSeverity.Warning, decisions.Reach.Root.Name.Display(decisions.Schema), $"{s} could keep a row of the root itself from being deleted", Repair(s, decisions.Reach.Root, decisions.Catalog, t => t.DeleteSuppressors)));

    public static IEnumerable<Finding> Of(Decision decision, Decisions decisions)
    {
        var (reference, name) = (decision.Reference, decision.Reference.Display(decisions.Schema));
        var sets = decision.OnDelete is ReferentialAction.SetNull or ReferentialAction.SetDefault;
        foreach (var suppressor in decision.Deletes ? reference.Table.DeleteSuppressors : sets ? reference.Table.UpdateSuppressors : [])
        {
            yield return new(
                FindingCodes.Suppressor, FindingSeverity.Warning, name, $"{suppressor} could keep {decision.Wanted.DeleteRule} from taking effect",
                Repair(suppressor, reference.Table, decisions.Catalog, t => decision.Deletes ? t.DeleteSuppressors : t.UpdateSuppressors));
        }

        foreach (var check in sets ? reference.Table.Checks.Where(c => c.Columns.Intersect(reference.Columns).Any()) : [])
        {
            yield return new(
                FindingCodes.CheckMayRefuse, FindingSeverity.Warning, name, $"CHECK {check.Name} reads the column that {decision.Wanted.DeleteRule} changes and may refuse it",
                $"{Try}; if it is refused:  ALTER TABLE {reference.Table.Name.Sql} DROP CONSTRAINT {Identifier.Quote(check.Name)};  or another action in the policy");
        }
    }

    // The suppressors of a partition are those of the partitioned table, too, and dropped where they are. Its triggers can be those of the table above, and are dropped there.
    private static string Repair(string suppressor, Table table, CatalogSnapshot catalog, Func<Table, IEnumerable<string>> suppressors)
    {
        var above = suppressor.StartsWith("trigger ", StringComparison.Ordinal) ? catalog.AncestorsOf(table).Reverse() : [];
        var on = above.Concat(catalog.WithPartitions(table)).First(t => suppressors(catalog.WithOwnSuppressors(t)).Contains(suppressor, StringComparer.Ordinal)).Name;
        var sql = suppressor.Split(' ', 2) switch
        {
            ["trigger", var name] => $"DROP TRIGGER {Identifier.Quote(name)} ON {on.Sql};",
            ["rule", var name] => $"DROP RULE {Identifier.Quote(name)} ON {on.Sql};",
            ["row-level", ..] => $"ALTER TABLE {on.Sql} NO FORCE ROW LEVEL SECURITY;",
            _ => $"a foreign key for each of  SELECT inhrelid::regclass FROM pg_inherits WHERE inhparent = {Identifier.Literal(on.Sql)}::regclass;",
        };
        return $"{Try}, and a deletion that leaves rows is rolled back; to be rid of it:  {sql}";
    }
}
