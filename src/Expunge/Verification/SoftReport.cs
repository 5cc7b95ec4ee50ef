using System.Collections.Immutable;
using Expunge.Policy;

namespace Expunge.Verification;

/// <summary>The columns that seem to hold keys without a foreign key.</summary>
/// <param name="Decisions">The policy that does not declare them yet, held against the catalog.</param>
/// <param name="Columns">The most likely first.</param>
/// <param name="Unread">The tables that were not read, by name.</param>
public sealed record SoftReport(Decisions Decisions, ImmutableArray<SoftColumn> Columns, ImmutableArray<SoftUnread> Unread)
{
    /// <summary>Those that the policy is to declare, the most likely first.</summary>
    public IEnumerable<SoftColumn> Proposed => Columns.Where(c => c.IsProposed);

    /// <summary>Whether nothing is left to be declared, and everything was read.</summary>
    public bool Ok => Unread.IsEmpty && !Proposed.Any();
}
