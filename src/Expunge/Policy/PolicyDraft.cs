using System.Collections.Immutable;
using System.Text;
using Expunge.Catalog;
using Expunge.Graph;

namespace Expunge.Policy;

/// <summary>Writes the text of a new policy file, for people to review and commit. Pure.</summary>
public static class PolicyDraft
{
    private static readonly string[] ShownNames = ["email", "username", "user_name", "login", "name", "full_name", "display_name", "created_at"];

    /// <summary>The text of <c>expunge.yaml</c>.</summary>
    /// <param name="catalog">What the database has.</param>
    /// <param name="root">The root table.</param>
    /// <param name="suggestions">The proposals of <see cref="Suggestions"/>.</param>
    /// <param name="differing">For a suggested reference the number of rows that belong to two subjects today; null where it could not be counted.</param>
    public static string Write(CatalogSnapshot catalog, Table root, ImmutableArray<Suggestion> suggestions, IReadOnlyDictionary<Reference, long?> differing)
    {
        var schema = root.Name.Schema;
        var graph = new ReferenceGraph(catalog);
        var direct = graph.To(root).ToList();
        var kept = direct.Where(r => r.LetsGo).ToList();
        var text = new StringBuilder();
        text.AppendLine($"# What happens to everything that leads to a row of {root.Name} when that row is deleted.");
        text.AppendLine($"# Written by 'expunge init' from database {catalog.Server.Database}: {direct.Count} references lead there directly. Review it, then commit it.");
        text.AppendLine($"root: {Scalar(root.Name.ToString())}").AppendLine("revision: \"001\"").AppendLine($"name: {Scalar($"delete_{root.Name.Name}")}");
        text.AppendLine("default: cascade    # a reference that is not named below: its rows are deleted too");
        Columns(text, root);
        if (kept.Count > 0)
        {
            text.AppendLine().AppendLine("# Kept as they are, because somebody decided so: SET NULL and SET DEFAULT. Name them below to change that.");
            foreach (var reference in kept) text.AppendLine($"#   {reference.Display(schema)}: {reference.Constraints[0].DeleteRule.ToLowerInvariant()}");
        }

        if (suggestions.Length > 0)
        {
            text.AppendLine().AppendLine("# By these a row can belong to two subjects, so each needs a decision. The number is of rows that do today.");
            text.AppendLine("references:");
            foreach (var table in suggestions.GroupBy(s => s.Reference.Table.Oid))
            {
                foreach (var s in table)
                {
                    var rows = differing.TryGetValue(s.Reference, out var n) && n is { } known ? $"{known} rows differ" : "rows not counted";
                    text.AppendLine($"  {Scalar(Key(s.Reference, graph, schema))}: {(s.Action == PolicyAction.Retain ? $"{{ action: retain, reason: {Scalar(s.Reason)} }}" : s.Action.Word())}    # review ({rows}): {s.Reason}{Hint(s)}");
                }
            }
        }

        // Where rows of others would go with what their table refers to, the reference above can let go instead.
        string Hint(Suggestion s)
        {
            if (s.Action != PolicyAction.Cascade || !differing.TryGetValue(s.Reference, out var rows) || rows is null or 0) return "";
            var actions = suggestions.ToDictionary(o => o.Reference, o => o.Action);
            var reach = Reach.Of(graph, root, r => actions.TryGetValue(r, out var action) ? action == PolicyAction.Cascade : !r.LetsGo);
            return reach.PathFrom(s.Reference.ReferencedTable).FirstOrDefault(r => !r.IsMandatory) is { } above ? $"; {above.Display(schema)}: set null would keep these rows" : "";
        }

        text.AppendLine().AppendLine("# Columns that hold keys without a foreign key: 'expunge soft' looks for them, and with --write adds them here.");
        return text.ToString().ReplaceLineEndings("\n");
    }

    private static void Columns(StringBuilder text, Table root)
    {
        var shown = ShownNames.Where(n => root.Column(n) is not null).ToList();
        var marks = ColumnsReader.Marks.Where(m => root.Column(m) is { } column && ColumnsResolver.WhyNoMark(m, column, root) is null).ToList();
        if (shown.Count + marks.Count == 0) return;
        text.AppendLine().AppendLine("# review: lists in the dashboard and the API show these columns and search their texts; marking a subject for deletion sets the others.").AppendLine("columns:");
        if (shown.Count > 0) text.AppendLine($"  show: [{string.Join(", ", shown)}]");
        foreach (var mark in marks) text.AppendLine($"  {mark}: {mark}");
    }

    /// <summary>The name under which the policy finds just this reference: the constraint's where the columns alone would name another one too.</summary>
    private static string Key(Reference reference, ReferenceGraph graph, string schema)
    {
        var ambiguous = graph.References.Any(r => r != reference && r.Table.Oid == reference.Table.Oid && r.Columns.ToHashSet(StringComparer.Ordinal).SetEquals(reference.Columns));
        return new ReferenceKey(reference.Table.Name, ambiguous ? [reference.Constraints[0].Name] : reference.Columns).Display(schema);
    }

    internal static string Scalar(string text) =>
        text.All(c => char.IsLetterOrDigit(c) || c is '_' or '.' or '(' or ')' or ' ' or ',' or '-' or '/') && text.Length > 0 && (char.IsLetter(text[0]) || text[0] == '_') && text == text.Trim()
            ? text
            : $"'{text.Replace("'", "''", StringComparison.Ordinal)}'";
}
