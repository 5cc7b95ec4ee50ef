using System.Collections.Immutable;
using Expunge.Catalog;
using Expunge.Graph;
using Expunge.Postgres;

namespace Expunge.Policy;

/// <summary>Finds the names of a policy in the catalog; what can't be found or can't work becomes an error with its place in the file.</summary>
internal sealed class PolicyResolver(CatalogSnapshot catalog, PolicyFile policy, ReferenceGraph graph, Table root, List<PolicyError> errors)
{
    private readonly ILookup<uint, Reference> _byTable = graph.References.ToLookup(r => r.Table.Oid);

    public Dictionary<Reference, ReferencePolicy> References()
    {
        var found = new Dictionary<Reference, ReferencePolicy>();
        foreach (var entry in policy.References)
        {
            if (Find(entry.Key.Table, entry.Location) is not { } table) continue;
            var references = Matching(table, entry.Key);
            if (references.Count == 0) { Add(entry.Location, WhyNone(table, entry.Key)); continue; }
            foreach (var reference in references)
            {
                if (Impossible(reference, entry) is { } why) Add(entry.Location, why);
                if (!found.TryAdd(reference, entry) && found[reference].Action != entry.Action) Add(entry.Location, $"'{entry.Key.Display(policy.Root.Schema)}' was decided already in line {found[reference].Location.Line}, as '{found[reference].Action.Word()}'");
            }
        }

        // What 'enforce' added is as decided as the soft reference was.
        foreach (var soft in policy.SoftReferences.Where(s => s.Enforce))
        {
            foreach (var reference in graph.References.Where(r => r.Table.Name == soft.Table && r.ReferencedTable.Oid == root.Oid && r.Columns is [var only] && only == soft.Column))
            {
                found.TryAdd(reference, new ReferencePolicy(new ReferenceKey(soft.Table, [soft.Column]), PolicyAction.Cascade, null, null, soft.Location));
            }
        }

        return found;
    }

    public ImmutableArray<SoftReference> SoftReferences()
    {
        var found = ImmutableArray.CreateBuilder<SoftReference>();
        foreach (var entry in policy.SoftReferences)
        {
            if (Find(entry.Table, entry.Location) is not { } table) continue;
            if (table.Column(entry.Column) is not { } column)
            {
                Add(entry.Location, $"table '{Show(table)}' has no column '{entry.Column}'{NearestName.Hint(entry.Column, table.Columns.Select(c => c.Name))}");
            }
            else if (_byTable[table.Oid].Any(r => r.ReferencedTable.Oid == root.Oid && r.Columns.Contains(entry.Column)))
            {
                // The foreign key that 'enforce' added, or that somebody added since: the reference is a hard one now.
                if (!entry.Enforce) Add(entry.Location, $"'{Show(table)}.{entry.Column}' has a foreign key to {Show(root)}; name it under 'references' instead");
            }
            else if (entry.Enforce && WhyNotEnforceable(table, column) is { } why)
            {
                Add(entry.Location, why);
            }
            else
            {
                found.Add(new SoftReference(table, column, entry.Enforce));
            }
        }

        return found.ToImmutable();
    }

    public Table? Find(QualifiedName name, SourceLocation location)
    {
        if (catalog.Find(name) is { } table) return table;
        // A table of an optional group may be missing, with all that the policy says of it.
        if (!policy.Tables.Any(g => g.Optional && g.Tables.Contains(name)))
        {
            Add(location, $"table '{name.Display(policy.Root.Schema)}' does not exist{NearestName.Hint(name.Display(policy.Root.Schema), catalog.Tables.Select(t => t.Name.Display(policy.Root.Schema)))}");
        }

        return null;
    }

    private List<Reference> Matching(Table table, ReferenceKey key)
    {
        var byColumns = _byTable[table.Oid].Where(r => r.Columns.ToHashSet(StringComparer.Ordinal).SetEquals(key.Columns)).ToList();
        return byColumns.Count > 0 || key.Columns is not [var name] ? byColumns : [.. _byTable[table.Oid].Where(r => r.Constraints.Any(f => f.Name == name))];
    }

    private string WhyNone(Table table, ReferenceKey key)
    {
        var what = key.Display(policy.Root.Schema);
        if (key.Columns.FirstOrDefault(c => table.Column(c) is null) is { } missing)
        {
            return $"table '{Show(table)}' has no column or foreign key '{missing}'{NearestName.Hint(missing, table.Columns.Select(c => c.Name).Concat(_byTable[table.Oid].SelectMany(r => r.Constraints).Select(f => f.Name)))}";
        }

        return _byTable[table.Oid].FirstOrDefault(r => r.Columns.Intersect(key.Columns).Any()) is { } near
            ? $"'{what}' is not the whole reference; did you mean '{near.Display(policy.Root.Schema)}'?"
            : $"'{what}' has no foreign key; a column that holds keys without one goes under 'soft_references'";
    }

    private string? Impossible(Reference reference, ReferencePolicy entry)
    {
        var name = reference.Display(policy.Root.Schema);
        return entry.Action switch
        {
            PolicyAction.SetNull when reference.IsMandatory => $"'{name}' can't be set null: {(reference.Columns.Length == 1 ? "the column is NOT NULL" : reference.IsMatchFull ? "it is MATCH FULL and one of its columns is NOT NULL" : "all its columns are NOT NULL")}",
            PolicyAction.SetNull when reference.NullableColumns.Length < reference.Columns.Length && catalog.Server.Major < 15 =>
                $"'{name}' can't be set null: {string.Join(", ", reference.Columns.Except(reference.NullableColumns))} is NOT NULL, and SET NULL (columns) needs PostgreSQL 15",
            PolicyAction.SetDefault when reference.Columns.Any(c => reference.Table.Column(c) is { HasDefault: false, NotNull: true } or { IsGenerated: true }) =>
                $"'{name}' can't be set default: the column has no default and is NOT NULL",
            PolicyAction.Reassign when reference.ReferencedTable.Oid != root.Oid || !reference.ReferencedColumns.SequenceEqual(root.PrimaryKey) =>
                $"'{name}' can't be reassigned: it does not lead to the key of {Show(root)}",
            PolicyAction.Reassign when reference.Columns is not [var column] || reference.Table.Column(column)!.IsGenerated => $"'{name}' can't be reassigned: {(reference.Columns.Length == 1 ? "the column is generated" : "it has several columns")}",
            _ => null,
        };
    }

    private string? WhyNotEnforceable(Table table, Column column)
    {
        var key = root.PrimaryKey.Length == 1 ? root.Column(root.PrimaryKey[0]) : null;
        if (key is null) return $"'{Show(table)}.{column.Name}' can't be enforced: the key of {Show(root)} has {root.PrimaryKey.Length} columns";
        return Family(key.Type) == Family(column.Type) ? null : $"'{Show(table)}.{column.Name}' can't be enforced: it is {column.Type}, the key of {Show(root)} is {key.Type}; change the column's type first";

        static string Family(string type) => type is "smallint" or "integer" or "bigint" ? "integer" : type.StartsWith("character varying", StringComparison.Ordinal) ? "text" : type;
    }

    private string Show(Table table) => table.Name.Display(policy.Root.Schema);

    private void Add(SourceLocation location, string message) => errors.Add(new PolicyError(location, message));
}
