namespace Expunge.Verification;

/// <summary>How likely it is that a column holds keys.</summary>
public enum SoftLikelihood
{
    /// <summary>Name and values agree, or the values alone can't be chance.</summary>
    Strong,

    /// <summary>Name or values speak for it, and nothing against it.</summary>
    Likely,

    /// <summary>It could be, and it could be chance.</summary>
    Possible,
}
