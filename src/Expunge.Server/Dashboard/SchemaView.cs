using System.Collections.Immutable;
using Expunge.Pictures;
using Expunge.Policy;
using Expunge.Postgres;
using Expunge.Verification;

namespace Expunge.Server.Dashboard;

/// <summary>The reference graph with what is known of each table and each reference.</summary>
/// <param name="Summary">The counts, in a sentence.</param>
/// <param name="Tables">The tables, the root first, then by depth and name.</param>
/// <param name="References">The references, by the depth of the table that they lead to.</param>
/// <param name="Groups">The policy's groups that have a table here, in its order.</param>
public sealed record SchemaView(string Summary, ImmutableArray<SchemaTable> Tables, ImmutableArray<SchemaReference> References, ImmutableArray<string> Groups)
{
    private const int MostPaths = 12;
    private const int MostTried = 5_000;

    /// <summary>Reads the catalog and verifies it.</summary>
    /// <param name="database">The database.</param>
    /// <param name="policy">The policy.</param>
    /// <param name="cancellation">Cancels it.</param>
    public static async Task<SchemaView> ReadAsync(Database database, PolicyFile policy, CancellationToken cancellation)
    {
        // With the journal: what has changed since the upgrade is a finding, too.
        var findings = (await DatabaseVerifier.ReadAsync(database, policy, cancellation)).Findings;
        return Of(Decisions.Of(await database.ReadCatalogAsync(cancellation), policy), findings);
    }

    /// <summary>Puts it together. Pure.</summary>
    /// <param name="decisions">The policy, held against the catalog.</param>
    /// <param name="findings">What is the matter.</param>
    public static SchemaView Of(Decisions decisions, ImmutableArray<Finding> findings)
    {
        var picture = Picture.Of(decisions);
        var byObject = findings.ToLookup(f => f.Object, StringComparer.Ordinal);
        var groups = decisions.Policy.Tables.SelectMany(g => g.Tables.Select(t => (Table: $"{t}", g.Title))).DistinctBy(g => g.Table).ToDictionary(g => g.Table, g => g.Title, StringComparer.Ordinal);
        var tables = picture.Tables.Select((t, i) => new SchemaTable($"t{i}", t, groups.GetValueOrDefault(t.Name), [.. byObject[t.Label]])).ToImmutableArray();
        var byName = tables.ToDictionary(t => t.Table.Name, StringComparer.Ordinal);
        var decided = decisions.All.ToLookup(d => ($"{d.Reference.Table.Name}", $"{d.Reference.ReferencedTable.Name}", string.Join('\0', d.Reference.Columns)));
        var references = picture.References.Select((r, i) =>
        {
            var decision = decided[(r.Table, r.Through ?? r.ReferencedTable, string.Join('\0', r.Columns))].FirstOrDefault();
            var from = byName[r.Table];
            var name = decision?.Reference.Display(decisions.Schema) ?? $"{from.Table.Label}.{r.Columns[0]}";
            return new SchemaReference(
                $"r{i}", r, from, byName[r.ReferencedTable], [.. decision?.Reference.Constraints.Select(Definition) ?? []],
                decision is not null ? Definition(decision.Wanted) : r.Wanted is null ? null : $"FOREIGN KEY ({Identifier.QuoteAll(r.Columns)}) REFERENCES {decisions.Reach.Root.Name.Sql} ({Identifier.QuoteAll(r.ReferencedColumns)}) ON DELETE {r.Wanted}",
                [.. byObject[name]]);
        }).ToImmutableArray();
        var present = tables.Select(t => t.Group).ToHashSet();
        return new SchemaView(PictureText.Summary(picture), tables, references, [.. decisions.Policy.Tables.Select(g => g.Title).Where(present.Contains)]);
    }

    /// <summary>The ways from a table to the root, the shortest first, each without going round in a circle.</summary>
    /// <param name="table">The table.</param>
    public ImmutableArray<ImmutableArray<SchemaReference>> PathsFrom(SchemaTable table)
    {
        var up = References.ToLookup(r => r.From.Id);
        var paths = ImmutableArray.CreateBuilder<ImmutableArray<SchemaReference>>();
        var open = new Queue<(SchemaTable At, ImmutableArray<SchemaReference> Path)>([(table, [])]);
        for (var tried = 0; open.Count > 0 && tried < MostTried && paths.Count < MostPaths; tried++)
        {
            var (at, path) = open.Dequeue();
            if (at.Table.Depth == 0 && !path.IsEmpty) paths.Add(path);
            else foreach (var reference in up[at.Id].Where(r => r.To.Id != table.Id && path.All(p => p.To.Id != r.To.Id))) open.Enqueue((reference.To, path.Add(reference)));
        }

        return paths.ToImmutable();
    }

    /// <summary>The tables and references that have what is looked for.</summary>
    /// <param name="text">A part of a name of a table, a column or a constraint; null for all.</param>
    /// <param name="show">A mark, or <c>group:</c> and a group's title, or <c>action:</c> and an action; empty for all.</param>
    public (ImmutableArray<SchemaTable> Tables, ImmutableArray<SchemaReference> References) Find(string? text, string show)
    {
        text = text?.Trim() ?? "";
        var references = References.Where(r => Shows(r) && (Has(r.From.Name) || Has(r.To.Name) || r.Edge.Columns.Any(Has) || r.Edge.Constraints.Any(c => Has(c.Name)))).ToImmutableArray();
        var ends = references.SelectMany(r => new[] { r.From.Id, r.To.Id }).ToHashSet();
        return ([.. Tables.Where(t => ends.Contains(t.Id) || (Has(t.Name) && (show.Length == 0 || ShowsTable(t))))], references);

        bool Has(string name) => name.Contains(text, StringComparison.OrdinalIgnoreCase);

        bool Shows(SchemaReference r) => show.Length == 0 || show == $"action:{r.Action}" || r.Marks.Contains(show) || ShowsTable(r.From);

        bool ShowsTable(SchemaTable t) => t.Marks.Contains(show) || (t.Group is not null && show == $"group:{t.Group}");
    }

    private static string Definition(Catalog.ForeignKey constraint) =>
        $"CONSTRAINT {Identifier.Quote(constraint.Name)} {constraint.Clause}{(constraint.Enforced && !constraint.Validated ? " NOT VALID" : "")}{(constraint.HasDisabledTriggers ? "  -- a trigger of it is disabled" : "")}";
}
