namespace Expunge.Policy;

/// <summary>Who decided what happens to a reference.</summary>
public enum DecisionSource
{
    /// <summary>The policy names it.</summary>
    Named,

    /// <summary>An existing SET NULL or SET DEFAULT, which is kept unless the policy names it.</summary>
    Existing,

    /// <summary>The policy's default.</summary>
    Default,
}
