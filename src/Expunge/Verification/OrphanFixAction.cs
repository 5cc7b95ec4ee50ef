namespace Expunge.Verification;

/// <summary>What is done with orphans.</summary>
public enum OrphanFixAction
{
    /// <summary>The rows are deleted.</summary>
    Delete,

    /// <summary>The rows stay and their columns become NULL.</summary>
    SetNull,
}
