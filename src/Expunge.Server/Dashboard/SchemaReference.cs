using System.Collections.Immutable;
using Expunge.Pictures;
using Expunge.Policy;
using Expunge.Verification;

namespace Expunge.Server.Dashboard;

/// <summary>A reference of the schema page.</summary>
/// <param name="Id">What the page and its script call it.</param>
/// <param name="Edge">The reference.</param>
/// <param name="From">The referencing table.</param>
/// <param name="To">The table whose deleted rows concern it.</param>
/// <param name="Now">The definitions that are there, as SQL; empty for a soft reference.</param>
/// <param name="Wanted">The definition that the policy wants; null for a soft reference that is to stay one.</param>
/// <param name="Findings">What is the matter with it.</param>
public sealed record SchemaReference(
    string Id, PictureReference Edge, SchemaTable From, SchemaTable To, ImmutableArray<string> Now, string? Wanted, ImmutableArray<Finding> Findings)
{
    /// <summary>Marks a reference that is not as the policy says.</summary>
    public const string Differs = "differs";

    /// <summary>As findings and the policy name it: <c>orders.user_id</c>.</summary>
    public string Name => $"{From.Name}.{PictureText.Columns(Edge)}";

    /// <summary>Its marks.</summary>
    public IEnumerable<string> Marks => Edge.IsAsPolicy ? PictureText.Marks(Edge) : PictureText.Marks(Edge).Prepend(Differs);

    /// <summary>The action's word.</summary>
    public string Action => Edge.Action.Word();
}
