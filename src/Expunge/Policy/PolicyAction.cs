using System.Text.Json.Serialization;

namespace Expunge.Policy;

/// <summary>What is to happen to the rows of a reference when the row they point to is deleted.</summary>
public enum PolicyAction
{
    /// <summary><c>cascade</c>: the rows are deleted too.</summary>
    Cascade,

    /// <summary><c>set null</c>: the rows stay and the columns become NULL.</summary>
    [JsonStringEnumMemberName("set null")]
    SetNull,

    /// <summary><c>set default</c>: the rows stay and the columns take their default.</summary>
    [JsonStringEnumMemberName("set default")]
    SetDefault,

    /// <summary><c>retain</c>: the rows stay and block the deletion; the policy gives the reason that the caller is shown.</summary>
    Retain,

    /// <summary><c>reassign</c>: the rows stay and move to another subject, whose key the policy gives.</summary>
    Reassign,

    /// <summary><c>keep</c>: the constraint stays as it is.</summary>
    Keep,
}
