namespace Expunge.Verification;

/// <summary>How much a finding matters.</summary>
public enum FindingSeverity
{
    /// <summary>A deletion fails, leaves data behind or takes other people's: exit code 1.</summary>
    Error,

    /// <summary>Works, but slowly or only as long as something stays as it is.</summary>
    Warning,
}
