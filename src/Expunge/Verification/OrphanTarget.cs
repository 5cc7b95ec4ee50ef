using System.Collections.Immutable;
using Expunge.Catalog;
using Expunge.Graph;
using Expunge.Policy;

namespace Expunge.Verification;

/// <summary>A reference that can have orphans: one with foreign keys, or a soft one.</summary>
/// <param name="Reference">Null for a soft one.</param>
/// <param name="Soft">Null for one with foreign keys.</param>
/// <param name="Parent">The table that it refers to.</param>
/// <param name="Schema">The root's schema.</param>
internal sealed record OrphanTarget(Reference? Reference, SoftReference? Soft, Table Parent, string Schema)
{
    public Table Table => Reference?.Table ?? Soft!.Table;

    public ImmutableArray<string> Columns => Reference?.Columns ?? [Soft!.Column.Name];

    public string Name => Reference?.Display(Schema) ?? Soft!.Display(Schema);

    /// <summary>The columns that can be set to NULL so that the row refers to nobody; empty where none can.</summary>
    public ImmutableArray<string> NullableColumns => Reference?.NullableColumns ?? (Soft!.Column.CanBeNull ? [Soft.Column.Name] : []);

    public string Declared => Soft is not null ? "soft reference" : string.Join(", ", Reference!.Constraints.SelectMany(States).Distinct(StringComparer.Ordinal));

    /// <summary>The constraint by which there can be none: of two on the same columns one is enough, but MATCH FULL asks for more than MATCH SIMPLE.</summary>
    public string? ProvedBy => Reference?.Constraints.FirstOrDefault(f => f is { Validated: true, Enforced: true, HasDisabledTriggers: false } && (f.MatchFull || !Reference.IsMatchFull))?.Name;

    /// <summary>Those of the reach and the declared soft ones; or those of them that are named.</summary>
    /// <exception cref="ExpungeException"><see cref="ErrorCodes.Usage"/>: one that is named is none of them.</exception>
    public static ImmutableArray<OrphanTarget> Of(Decisions decisions, ImmutableArray<string> names)
    {
        var root = decisions.Reach.Root;
        ImmutableArray<OrphanTarget> all =
        [
            .. decisions.All.Select(d => new OrphanTarget(d.Reference, null, d.Reference.ReferencedTable, decisions.Schema)),
            .. decisions.SoftReferences.Select(s => new OrphanTarget(null, s, root, decisions.Schema)),
        ];
        return names.IsEmpty ? all : [.. names.SelectMany(n => Named(n)).Distinct()];

        List<OrphanTarget> Named(string name)
        {
            var key = Key(name, decisions.Schema);
            var ofTable = all.Where(t => t.Table.Name == key.Table).ToList();
            var found = ofTable.FindAll(t => t.Columns.ToHashSet(StringComparer.Ordinal).SetEquals(key.Columns));
            if (found.Count == 0 && key.Columns is [var constraint]) found = ofTable.FindAll(t => t.Reference?.Constraints.Any(f => f.Name == constraint) == true);
            return found.Count > 0 ? found : throw new ExpungeException(
                ErrorCodes.Usage, $"'{name}' is no reference in the reach of {root}, and no soft reference of the policy{NearestName.Hint(key.Display(decisions.Schema), all.Select(t => t.Name), ".")}",
                "expunge verify  lists the references; a column without a foreign key goes under  soft_references:  in the policy.");
        }
    }

    public Link In(Links links) => Reference is not null ? links.Of(Reference) : links.Of(Soft!);

    private static ReferenceKey Key(string name, string schema)
    {
        try
        {
            return ReferenceKey.Parse(name, schema);
        }
        catch (FormatException e)
        {
            throw new ExpungeException(ErrorCodes.Usage, e.Message, "Write it as the policy file does, such as posts.user_id.", e);
        }
    }

    private static IEnumerable<string> States(ForeignKey constraint)
    {
        if (!constraint.Enforced) yield return "NOT ENFORCED";
        else if (!constraint.Validated) yield return "NOT VALID";
        if (constraint.HasDisabledTriggers) yield return "trigger disabled";
        if (constraint is { Enforced: true, Validated: true, HasDisabledTriggers: false }) yield return "validated";
    }
}
