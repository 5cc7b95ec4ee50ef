using System.Collections.Immutable;
using Expunge.Catalog;
using Expunge.Graph;

namespace Expunge.Policy;

/// <summary>Holds <c>external:</c> against the catalog.</summary>
internal static class ExternalResolver
{
    /// <summary>The columns that exist; the others become errors.</summary>
    internal static ImmutableArray<(ExternalColumn Column, SourceLocation Location)> Columns(PolicyFile policy, PolicyResolver resolver, List<PolicyError> errors)
    {
        var found = ImmutableArray.CreateBuilder<(ExternalColumn, SourceLocation)>();
        foreach (var entry in policy.External)
        {
            if (resolver.Find(entry.Table, entry.Location) is not { } table) continue;
            if (table.Column(entry.Column) is { } column) found.Add((new(table, column), entry.Location));
            else errors.Add(new(entry.Location, $"table '{entry.Table.Display(policy.Root.Schema)}' has no column '{entry.Column}'{NearestName.Hint(entry.Column, table.Columns.Select(c => c.Name))}"));
        }

        return found.ToImmutable();
    }

    /// <summary>What a deletion would never deliver, or not all of it.</summary>
    internal static IEnumerable<PolicyError> Unreached(ImmutableArray<(ExternalColumn Column, SourceLocation Location)> columns, CatalogSnapshot catalog, Reach reach, string schema)
    {
        if (columns.IsEmpty) yield break;
        var losing = reach.Tables.SelectMany(t => catalog.LeavesOf(t.Table)).Select(t => t.Oid).ToHashSet();
        foreach (var (column, location) in columns)
        {
            var table = column.Table;
            if (!catalog.LeavesOf(table).Any(l => losing.Contains(l.Oid))) yield return new(location, $"'{column.Display(schema)}' can't be external: no row of '{table.Name.Display(schema)}' is deleted with a row of '{reach.Root.Name.Display(schema)}'");
            else if (table.DeleteSuppressors.Contains("inheritance children")) yield return new(location, $"'{column.Display(schema)}' can't be external: '{table.Name.Display(schema)}' has inheritance children, whose rows would be missed");
        }
    }
}
