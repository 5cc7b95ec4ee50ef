namespace Expunge.Probing;

/// <summary>A column that is to get a value.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Type">Its type's oid.</param>
/// <param name="Modifier">Its type modifier; -1 without.</param>
/// <param name="NotNull">Whether it refuses NULL.</param>
/// <param name="Default">Its default, or the expression that a generated column is computed by; <c>nextval</c> for an identity column, null without.</param>
/// <param name="IsGenerated">Whether it is computed.</param>
internal sealed record ProbeColumn(string Name, uint Type, int Modifier, bool NotNull, string? Default, bool IsGenerated)
{
    /// <summary>Whether its default takes a number from a sequence, which no rollback gives back.</summary>
    public bool TakesNumber => Default?.Contains("nextval", StringComparison.Ordinal) == true;
}
