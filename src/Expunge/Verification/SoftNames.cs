using System.Collections.Immutable;
using Expunge.Catalog;
using Expunge.Policy;

namespace Expunge.Verification;

/// <summary>What names say in one database: in the light of its tables, and of the columns that have a foreign key.</summary>
internal sealed class SoftNames
{
    private readonly Table _root;
    private readonly ImmutableArray<string> _rootWords;
    private readonly ILookup<string, Table> _tables;
    private readonly ILookup<string, Table> _endings;
    private readonly Dictionary<string, (int ToRoot, int Elsewhere, Table? Other)> _references;

    public SoftNames(Decisions decisions)
    {
        _root = decisions.Reach.Root;
        _rootWords = SoftWords.Of(_root.Name.Name);
        var others = decisions.Catalog.Tables.Where(t => t.PartitionOf is null && t.Oid != _root.Oid).Select(t => (Table: t, Words: SoftWords.Of(t.Name.Name))).ToList();
        _tables = others.SelectMany(t => SoftWords.Spellings(t.Words).Select(s => (t.Table, Spelling: s))).ToLookup(t => t.Spelling, t => t.Table, StringComparer.Ordinal);
        _endings = others.SelectMany(t => Enumerable.Range(1, Math.Max(0, t.Words.Length - 1)).SelectMany(skip => SoftWords.Spellings(t.Words[skip..])).Select(s => (t.Table, Spelling: s))).ToLookup(t => t.Spelling, t => t.Table, StringComparer.Ordinal);
        _references = decisions.Catalog.ForeignKeys.Where(f => f.Columns.Length == 1).GroupBy(f => f.Columns[0], f => f.ReferencedTable, StringComparer.OrdinalIgnoreCase).ToDictionary(
            g => g.Key, g => (g.Count(t => t == _root.Name), g.Count(t => t != _root.Name), g.FirstOrDefault(t => t != _root.Name) is { } other ? decisions.Catalog.Table(other) : null), StringComparer.OrdinalIgnoreCase);
    }

    public SoftCandidate Read(Table table, Column column)
    {
        var words = SoftWords.Of(column.Name);
        var keyed = SoftWords.Keyed(words, _rootWords is [.., var last] ? last : "");
        var (isKey, stem) = (keyed is not null, keyed ?? words);
        var (isRoot, other) = isKey ? Named(stem, table) : (false, null);
        // users, without a word for a key, is how many there are.
        var oneOrKeys = isKey || column.Type.EndsWith("[]", StringComparison.Ordinal) || !column.Name.EndsWith('s');
        var name = isRoot ? SoftName.Subject
            : oneOrKeys && (SoftWords.NamesPerson(stem) || IsRoot(stem)) ? SoftName.Person
            : isKey && !stem.IsEmpty && words[^1] is not ("key" or "keys") ? SoftName.Id
            : SoftName.Other;

        var (toRoot, elsewhere, referenced) = _references.GetValueOrDefault(column.Name);
        if (elsewhere > 0 && !(isRoot && toRoot >= elsewhere))
        {
            (name, other) = (name > SoftName.Person ? SoftName.Person : name, other ?? referenced);
        }
        else if (toRoot > 0 && column.Name.Length > 2 && name != SoftName.Subject)
        {
            name = other is null ? SoftName.Reference : SoftName.Person;
        }

        return new SoftCandidate(table, column, name, other, isKey && !stem.IsEmpty ? Discriminator(stem, table) : null);
    }

    private static string? Discriminator(ImmutableArray<string> stem, Table table) => table.Columns
        .Where(c => c.Name.EndsWith("type", StringComparison.OrdinalIgnoreCase) || c.Name.EndsWith("kind", StringComparison.OrdinalIgnoreCase) || c.Name.EndsWith("class", StringComparison.OrdinalIgnoreCase))
        .FirstOrDefault(c => SoftWords.Of(c.Name) is [.. var same, _] && same.SequenceEqual(stem))?.Name;

    /// <summary>Whose key a stem names: <c>billing_user</c> a user's unless there is a table of billing users. A table of the column's own schema comes before one of the root's name elsewhere.</summary>
    private (bool IsRoot, Table? Other) Named(ImmutableArray<string> stem, Table table)
    {
        for (var skip = 0; skip < stem.Length; skip++)
        {
            var noun = stem[skip..];
            var others = Find(_tables, noun);
            if (SoftWords.Same(_rootWords, noun)) return others.Find(t => t.Name.Schema == table.Name.Schema && table.Name.Schema != _root.Name.Schema) is { } nearer ? (false, nearer) : (true, null);
            if (others.Count > 0) return (false, others.OrderBy(t => t.Name.Schema != table.Name.Schema).First());
            if (IsRoot(noun)) return (true, null);
        }

        // order_id, and the table is shop_order.
        return (false, Find(_endings, stem) is [var longer] ? longer : null);
    }

    private static List<Table> Find(ILookup<string, Table> tables, ImmutableArray<string> noun) => [.. SoftWords.Spellings(noun).SelectMany(s => tables[s]).DistinctBy(t => t.Oid)];

    /// <summary>Whether it is the root's name, or its last word: <c>user</c> for <c>auth_user</c>.</summary>
    private bool IsRoot(ImmutableArray<string> noun) => SoftWords.Same(_rootWords, noun) || (_rootWords.Length > 0 && SoftWords.Same([_rootWords[^1]], noun));
}
