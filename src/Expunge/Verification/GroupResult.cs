namespace Expunge.Verification;

/// <summary>How many of a group's tables are as the policy says.</summary>
/// <param name="Title">The group's title.</param>
/// <param name="Ok">The tables that are, missing ones of an optional group left out.</param>
/// <param name="Total">The tables of the group that count.</param>
public sealed record GroupResult(string Title, int Ok, int Total);
