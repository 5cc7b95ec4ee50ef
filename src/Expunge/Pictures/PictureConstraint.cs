using System.Text.Json.Serialization;

namespace Expunge.Pictures;

/// <summary>A foreign key as it is now.</summary>
/// <param name="Name">Its name.</param>
/// <param name="DeleteRule">ON DELETE, with its column list: <c>SET NULL (author_id)</c>.</param>
/// <param name="Validated">Whether all rows were checked.</param>
/// <param name="Enforced">Whether it is checked at all.</param>
/// <param name="TriggersEnabled">Whether all triggers that uphold it fire.</param>
public sealed record PictureConstraint(string Name, string DeleteRule, bool Validated, bool Enforced, bool TriggersEnabled)
{
    /// <summary>The delete rule for people, with what keeps it from being whole.</summary>
    [JsonIgnore]
    public string Rule => $"{DeleteRule}{(!Enforced ? " NOT ENFORCED" : Validated ? "" : " NOT VALID")}{(TriggersEnabled ? "" : " (trigger disabled)")}";
}
