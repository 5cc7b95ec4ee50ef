namespace Expunge.Catalog;

/// <summary>A column of a table.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Type">Its type as <c>format_type</c> writes it, without modifiers: a cast to <c>varchar(10)</c> would cut a longer key to one that exists.</param>
/// <param name="NotNull">Whether it (or its domain) refuses NULL.</param>
/// <param name="HasDefault">Whether it has a default or is an identity column.</param>
/// <param name="IsGenerated">Whether it is computed from other columns and so can't be set.</param>
public sealed record Column(string Name, string Type, bool NotNull, bool HasDefault, bool IsGenerated)
{
    /// <summary>Whether a SET NULL can work on it.</summary>
    public bool CanBeNull => !NotNull && !IsGenerated;
}
