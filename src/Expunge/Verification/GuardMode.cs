namespace Expunge.Verification;

/// <summary>What the guard does with a foreign key that is not as the policy says.</summary>
public enum GuardMode
{
    /// <summary>The command is done, with a WARNING.</summary>
    Warn,

    /// <summary>The command fails.</summary>
    Enforce,
}
