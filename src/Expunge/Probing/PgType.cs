using System.Collections.Immutable;

namespace Expunge.Probing;

/// <summary>A type that a column can have (<c>pg_type</c>).</summary>
/// <param name="Name">As <c>format_type</c> writes it, for a cast.</param>
/// <param name="ShortName">Its <c>typname</c>.</param>
/// <param name="Kind">Its <c>typtype</c>: b base, d domain, e enum, r range, m multirange, c composite.</param>
/// <param name="Element">The type of an array's elements; 0 for others.</param>
/// <param name="Base">The type under a domain; 0 for others.</param>
/// <param name="BaseModifier">The type modifier of a domain's base; -1 without.</param>
/// <param name="Labels">An enum's labels, in order.</param>
/// <param name="Subtype">The type of a range's bounds; 0 for others.</param>
/// <param name="Attributes">The types of a composite's attributes.</param>
/// <param name="Checks">A domain's CHECK expressions over <c>VALUE</c>.</param>
internal sealed record PgType(
    string Name, string ShortName, char Kind, uint Element, uint Base, int BaseModifier, ImmutableArray<string> Labels, uint Subtype, ImmutableArray<uint> Attributes, ImmutableArray<string> Checks);
