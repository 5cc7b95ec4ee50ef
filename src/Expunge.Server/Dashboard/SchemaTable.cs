using System.Collections.Immutable;
using Expunge.Pictures;
using Expunge.Verification;

namespace Expunge.Server.Dashboard;

/// <summary>A table of the schema page.</summary>
/// <param name="Id">What the page and its script call it.</param>
/// <param name="Table">The table.</param>
/// <param name="Group">The title of the policy's group that it is in; null where it is in none.</param>
/// <param name="Findings">What is the matter with the table itself.</param>
public sealed record SchemaTable(string Id, PictureTable Table, string? Group, ImmutableArray<Finding> Findings)
{
    /// <summary>Its name for people.</summary>
    public string Name => PictureText.Label(Table);

    /// <summary>Its marks.</summary>
    public IEnumerable<string> Marks => PictureText.Marks(Table);
}
