namespace Expunge.Verification;

/// <summary>What a column's name says of whether it holds subjects' keys, the least telling first.</summary>
public enum SoftName
{
    /// <summary>Nothing: <c>subject</c>, <c>entity</c>.</summary>
    Other,

    /// <summary>That it is some key, but not whose: <c>resource_id</c>.</summary>
    Id,

    /// <summary>That it is somebody: <c>actor_id</c>, <c>approved_by</c>, <c>owner</c>.</summary>
    Person,

    /// <summary>That it is a subject, because foreign keys on columns of that name lead to the root and nowhere else.</summary>
    Reference,

    /// <summary>That it is a subject, because it has the root's name: <c>user_id</c>, <c>billing_user_id</c>, <c>userId</c>.</summary>
    Subject,
}
