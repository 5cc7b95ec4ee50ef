using System.Collections.Immutable;
using Expunge.Catalog;
using Expunge.Policy;

namespace Expunge.Verification;

/// <summary>What names say in one database: in the light of its tables, and of the columns that have a foreign key.</summary>
internal sealed class SoftNames
{
    private readonly Table _root;
    private readonly ImmutableArray<string> _rootWords;
    private readonly ImmutableArray<(Table Table, ImmutableArray<string> Words)> _tables;
    private readonly ILookup<string, Table> _referencedBy;

    public SoftNames(Decisions decisions)
    {
        _root = decisions.Reach.Root;
        _rootWords = SoftWords.Of(_root.Name.Name);
        _tables = [.. decisions.Catalog.Tables.Where(t => t.PartitionOf is null && t.Oid != _root.Oid).Select(t => (t, SoftWords.Of(t.Name.Name)))];
        _referencedBy = decisions.Catalog.ForeignKeys.Where(f => f.Columns.Length == 1).ToLookup(f => f.Columns[0], f => decisions.Catalog.Table(f.ReferencedTable), StringComparer.OrdinalIgnoreCase);
    }

    public SoftCandidate Read(Table table, Column column)
    {
        var words = SoftWords.Of(column.Name);
        var keyed = SoftWords.Keyed(words, _rootWords is [.., var last] ? last : "");
        var (isKey, stem) = (keyed is not null, keyed ?? words);
        var discriminator = stem.IsEmpty ? null : table.Columns.FirstOrDefault(c => c.Name != column.Name && SoftWords.Of(c.Name) is [.. var same, "type" or "kind" or "class"] && same.SequenceEqual(stem))?.Name;
        var (isRoot, other) = isKey ? Named(stem, table) : (false, null);
        // users, without a word for a key, is how many there are.
        var oneOrKeys = isKey || column.Type.EndsWith("[]", StringComparison.Ordinal) || !column.Name.EndsWith('s');
        var name = isRoot ? SoftName.Subject
            : oneOrKeys && (SoftWords.NamesPerson(stem) || IsRoot(stem)) ? SoftName.Person
            : isKey && !stem.IsEmpty && words[^1] is not ("key" or "keys") ? SoftName.Id
            : SoftName.Other;

        var referenced = _referencedBy[column.Name].ToList();
        if (referenced.Find(t => t.Oid != _root.Oid) is { } elsewhere)
        {
            (name, other) = (name > SoftName.Person ? SoftName.Person : name, other ?? elsewhere);
        }
        else if (referenced.Count > 0 && column.Name.Length > 2 && name != SoftName.Subject)
        {
            name = other is null ? SoftName.Reference : SoftName.Person;
        }

        return new SoftCandidate(table, column, name, other, discriminator);
    }

    /// <summary>Whose key a stem names: <c>billing_user</c> a user's unless there is a table of billing users. A table of the column's own schema comes before one of the root's name elsewhere.</summary>
    private (bool IsRoot, Table? Other) Named(ImmutableArray<string> stem, Table table)
    {
        for (var skip = 0; skip < stem.Length; skip++)
        {
            var noun = stem[skip..];
            var others = _tables.Where(t => SoftWords.Same(t.Words, noun)).Select(t => t.Table).ToList();
            if (SoftWords.Same(_rootWords, noun)) return others.Find(t => t.Name.Schema == table.Name.Schema && table.Name.Schema != _root.Name.Schema) is { } nearer ? (false, nearer) : (true, null);
            if (others.Count > 0) return (false, others.OrderBy(t => t.Name.Schema != table.Name.Schema).First());
            if (IsRoot(noun)) return (true, null);
        }

        // order_id, and the table is shop_order.
        var longer = _tables.Where(t => t.Words.Length > stem.Length && SoftWords.Same(t.Words[^stem.Length..], stem)).Select(t => t.Table).Take(2).ToList();
        return (false, longer.Count == 1 ? longer[0] : null);
    }

    /// <summary>Whether it is the root's name, or its last word: <c>user</c> for <c>auth_user</c>.</summary>
    private bool IsRoot(ImmutableArray<string> noun) => SoftWords.Same(_rootWords, noun) || (_rootWords.Length > 0 && SoftWords.Same([_rootWords[^1]], noun));
}
