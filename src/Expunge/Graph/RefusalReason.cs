namespace Expunge.Graph;

/// <summary>Why PostgreSQL can refuse a DELETE at a foreign key.</summary>
public enum RefusalReason
{
    /// <summary>NO ACTION: a row still refers to what was deleted, or to the key that was changed.</summary>
    NoAction,

    /// <summary>RESTRICT: the same, and it can't be deferred.</summary>
    Restrict,

    /// <summary>The row can't lose its reference: a column that would become NULL is NOT NULL, or is under MATCH FULL with others that don't become NULL.</summary>
    CanNotBeNull,

    /// <summary>SET DEFAULT, and the default may be the key of no row, or of the one that goes, or NULL where that is not allowed.</summary>
    DefaultMayBeMissing,

    /// <summary>The row is changed and therefore checked: it may refer to a row that is gone already, or mix NULL and values under MATCH FULL.</summary>
    CheckedAgain,

    /// <summary>A CHECK constraint reads a column that is set.</summary>
    CheckConstraint,

    /// <summary>A unique index has a column that is set.</summary>
    UniqueIndex,
}
