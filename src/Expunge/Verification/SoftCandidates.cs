using System.Collections.Immutable;
using Expunge.Catalog;
using Expunge.Deletion;
using Expunge.Policy;
using Expunge.Postgres;

namespace Expunge.Verification;

/// <summary>Tells from the catalog alone which columns could hold keys without a foreign key. Pure: no I/O.</summary>
public static class SoftCandidates
{
    /// <summary>
    /// The columns whose name and type leave little doubt that they hold subjects' keys: named for the root, or like its references and like no other, of the key's own type, and declared nowhere. None where the root's
    /// key has several columns.
    /// </summary>
    /// <param name="decisions">The policy, held against the catalog.</param>
    /// <returns>By table and column.</returns>
    public static ImmutableArray<SoftCandidate> Suspected(Decisions decisions)
    {
        if (decisions.Reach.Root.PrimaryKey.Length != 1) return [];
        var key = SubjectKeys.Column(decisions.Reach.Root);
        return [.. Of(decisions).Where(c => c.Name >= SoftName.Reference && c.Other is null && WhyNotDeclarable(c, decisions) is null && SoftTypes.Same(c.Column, key))];
    }

    /// <summary>Every column whose type can hold the root's key and that no foreign key and no soft reference of the policy explains.</summary>
    /// <param name="decisions">The policy, held against the catalog.</param>
    /// <returns>By table and column.</returns>
    /// <exception cref="ExpungeException"><see cref="ErrorCodes.RootNotFound"/>: the root's key has several columns.</exception>
    public static ImmutableArray<SoftCandidate> Of(Decisions decisions)
    {
        var catalog = decisions.Catalog;
        var key = SubjectKeys.Column(decisions.Reach.Root);
        var declared = decisions.SoftReferences.Select(s => (s.Table.Name, s.Column.Name))
            .Concat(catalog.ForeignKeys.SelectMany(f => f.Columns.Select(c => (catalog.AncestorsOf(catalog.Table(f.Table)).LastOrDefault()?.Name ?? f.Table, c)))).ToHashSet();
        var names = new SoftNames(decisions);
        return
        [
            .. from table in catalog.Tables
               where table.PartitionOf is null
               from column in table.Columns
               where SoftTypes.CanHold(column, key) && !declared.Contains((table.Name, column.Name)) && (table.Oid != decisions.Reach.Root.Oid || column != key)
               let candidate = names.Read(table, column)
               where IsWorthALook(candidate, key)
               select candidate,
        ];
    }

    /// <summary>Why the policy can't declare a column as a soft reference to the root, for people; null where it can.</summary>
    /// <param name="candidate">The column.</param>
    /// <param name="decisions">The policy, held against the catalog.</param>
    public static string? WhyNotDeclarable(SoftCandidate candidate, Decisions decisions) => candidate switch
    {
        { IsArray: true } => "an array: one row holds the keys of many",
        { Discriminator: { } beside } => $"{Identifier.Display(beside)} says what it leads to: rows of another kind can have the same key",
        _ when candidate.Table.Oid == decisions.Reach.Root.Oid => "its rows are subjects themselves: deleting them would delete others",
        _ => null,
    };

    private static bool IsWorthALook(SoftCandidate candidate, Column key)
    {
        var (table, column) = (candidate.Table, candidate.Column);
        var named = candidate.Name >= SoftName.Reference;
        // A table's own key. Without a default its values come from elsewhere: from the root, where it is named so, or has the same random key.
        if (table.PrimaryKey is [var own] && own == column.Name && (column.HasDefault || (!named && SoftTypes.IsInteger(column)))) return false;
        if (candidate.Name != SoftName.Other) return true;
        // Digits in any text, or a measure, meet whole numbers by chance.
        return !candidate.IsArray && !(SoftTypes.IsInteger(key) && (SoftTypes.IsText(column) || SoftWords.NamesMeasure(SoftWords.Of(column.Name))));
    }
}
