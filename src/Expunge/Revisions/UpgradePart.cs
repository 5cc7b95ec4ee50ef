namespace Expunge.Revisions;

/// <summary>Which of an upgrade's phases run.</summary>
public enum UpgradePart
{
    /// <summary>All.</summary>
    All,

    /// <summary>Indexes and swaps; what scans whole tables for validation is left for later.</summary>
    WithoutValidation,

    /// <summary>Only the validations, and the partitioned tables before PostgreSQL 18, whose swap needs them.</summary>
    ValidationOnly,
}
