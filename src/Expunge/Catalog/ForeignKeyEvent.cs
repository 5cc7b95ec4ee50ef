namespace Expunge.Catalog;

/// <summary>What sets a trigger of a foreign key off.</summary>
public enum ForeignKeyEvent
{
    /// <summary>The referenced row was deleted: ON DELETE.</summary>
    ReferencedRowDeleted,

    /// <summary>The referenced row got another key: ON UPDATE.</summary>
    ReferencedKeyChanged,

    /// <summary>The referencing row was changed: it is checked.</summary>
    RowChanged,

    /// <summary>A referencing row was inserted: it is checked.</summary>
    RowInserted,
}
