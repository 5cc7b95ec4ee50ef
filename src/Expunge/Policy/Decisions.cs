using System.Collections.Immutable;
using Expunge.Catalog;
using Expunge.Graph;
using Expunge.Postgres;

namespace Expunge.Policy;

/// <summary>A policy held against a catalog: what is to happen to each reference of the reach. Pure.</summary>
public sealed record Decisions
{
    /// <summary>The policy.</summary>
    public required PolicyFile Policy { get; init; }

    /// <summary>The catalog that it was held against.</summary>
    public required CatalogSnapshot Catalog { get; init; }

    /// <summary>The reach when everything is as the policy says.</summary>
    public required Reach Reach { get; init; }

    /// <summary>One for each reference to a table of the reach, by depth and name.</summary>
    public required ImmutableArray<Decision> All { get; init; }

    /// <summary>The declared soft references.</summary>
    public required ImmutableArray<SoftReference> SoftReferences { get; init; }

    /// <summary>The columns whose values go into the outbox when their rows are deleted, in the policy's order; each in a table that loses rows.</summary>
    public required ImmutableArray<ExternalColumn> External { get; init; }

    /// <summary>References that delete rows of several subjects and that the policy does not name: somebody must decide them.</summary>
    public required ImmutableArray<Decision> Undecided { get; init; }

    /// <summary>Expected tables that do not exist, in the policy's order.</summary>
    public required ImmutableArray<QualifiedName> MissingTables { get; init; }

    /// <summary>The tables that lose rows, then those whose rows refer to them and stay; each once.</summary>
    internal IEnumerable<Table> Tables => Reach.Tables.Select(t => t.Table).Concat(All.Select(d => d.Reference.Table)).DistinctBy(t => t.Oid);

    /// <summary>The root's schema, which goes without saying in names.</summary>
    public string Schema => Policy.Root.Schema;

    /// <summary>Holds a policy against a catalog.</summary>
    /// <param name="catalog">What the database has.</param>
    /// <param name="policy">What is wanted.</param>
    /// <exception cref="PolicyException">The policy names what does not exist or asks for what is impossible; all such places are listed.</exception>
    /// <exception cref="ExpungeException"><see cref="ErrorCodes.RootNotFound"/>: the root does not exist or has no primary key.</exception>
    public static Decisions Of(CatalogSnapshot catalog, PolicyFile policy)
    {
        var root = Root(catalog, policy);
        var graph = new ReferenceGraph(catalog);
        var errors = new List<PolicyError>();
        var resolver = new PolicyResolver(catalog, policy, graph, root, errors);
        var named = resolver.References();
        var soft = resolver.SoftReferences();
        var external = ExternalResolver.Columns(policy, resolver, errors);
        if (policy.Columns is { } columns) errors.AddRange(ColumnsResolver.Errors(columns, root, policy.Root.Schema));
        if (errors.Count > 0) throw new PolicyException(policy.Path, errors);

        var all = graph.References.ToDictionary(r => r, r => Decide(r, policy, named.GetValueOrDefault(r)));
        var reach = Reach.Of(graph, root, r => all[r].Deletes, [.. soft.Select(s => (s.Table, s.Column.Name))]);
        errors.AddRange(ExternalResolver.Unreached(external, catalog, reach, policy.Root.Schema));
        if (errors.Count > 0) throw new PolicyException(policy.Path, errors);
        var decided = reach.References.Select(r => all[r]).ToImmutableArray();
        var missing = policy.Tables.SelectMany(g => g.Tables).Where(t => catalog.Find(t) is null).ToImmutableArray();
        return new Decisions
        {
            Policy = policy,
            Catalog = catalog,
            Reach = reach,
            All = decided,
            SoftReferences = soft,
            External = [.. external.Select(e => e.Column)],
            Undecided = [.. reach.Tables.Where(t => t.IsShared).SelectMany(t => t.Via).Select(r => all[r]).Where(d => d.Source != DecisionSource.Named)],
            MissingTables = missing,
        };
    }

    private static Table Root(CatalogSnapshot catalog, PolicyFile policy)
    {
        if (catalog.Find(policy.Root) is not { } root)
        {
            throw new ExpungeException(
                ErrorCodes.RootNotFound,
                $"The root table {policy.Root} does not exist in database {catalog.Server.Database}{NearestName.Hint(policy.Root.ToString(), catalog.Tables.Select(t => t.Name.ToString()), ".")}",
                policy.Path is null ? "Give the table whose rows are the users with --root schema.table (names are case-sensitive)." : $"Correct 'root:' in {policy.Path}.");
        }

        return root.PrimaryKey.IsEmpty
            ? throw new ExpungeException(ErrorCodes.RootNotFound, $"The root table {policy.Root} has no primary key, so its rows can't be named.", "Give it a primary key first.")
            : root;
    }

    private static Decision Decide(Reference reference, PolicyFile policy, ReferencePolicy? named)
    {
        var current = reference.Constraints[0];
        var (action, source) = named is not null ? (named.Action, DecisionSource.Named)
            : reference.LetsGo ? (PolicyAction.Keep, DecisionSource.Existing)
            : (policy.Default, DecisionSource.Default);
        var (onDelete, columns) = action switch
        {
            PolicyAction.Cascade => (ReferentialAction.Cascade, ImmutableArray<string>.Empty),
            // A key of several columns, some of them NOT NULL: only the others can be set (SET NULL (columns), PostgreSQL 15).
            PolicyAction.SetNull => (ReferentialAction.SetNull, reference.NullableColumns.Length == reference.Columns.Length ? [] : reference.NullableColumns),
            PolicyAction.SetDefault => (ReferentialAction.SetDefault, ImmutableArray<string>.Empty),
            PolicyAction.Retain or PolicyAction.Reassign when current.OnDelete is not (ReferentialAction.NoAction or ReferentialAction.Restrict) => (ReferentialAction.NoAction, []),
            _ => (current.OnDelete, current.SetColumns),
        };
        return new Decision(reference, action, onDelete, columns, source, named?.Reason) { ReassignTo = named?.ReassignTo };
    }
}
