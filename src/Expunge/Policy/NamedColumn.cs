namespace Expunge.Policy;

/// <summary>A column of the root as the policy names it.</summary>
/// <param name="Name">Its name, as the catalog holds it.</param>
/// <param name="Location">Where the name stands in the file.</param>
public sealed record NamedColumn(string Name, SourceLocation Location);
