namespace Expunge.Catalog;

/// <summary>What a foreign key does when the referenced row is deleted or its key changes (<c>confdeltype</c>, <c>confupdtype</c>).</summary>
public enum ReferentialAction
{
    /// <summary>Refuse when its turn comes among the actions of the deleted row; INITIALLY DEFERRED at the end of the transaction.</summary>
    NoAction,

    /// <summary>Refuse at once.</summary>
    Restrict,

    /// <summary>Delete (or change) the referencing rows too.</summary>
    Cascade,

    /// <summary>Set the referencing columns to NULL.</summary>
    SetNull,

    /// <summary>Set the referencing columns to their defaults.</summary>
    SetDefault,
}
