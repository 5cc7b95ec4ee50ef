namespace Expunge.Revisions;

/// <summary>Where an application of a policy stands.</summary>
public enum RevisionState
{
    /// <summary>Begun, not ended: it runs, or was interrupted; <c>upgrade</c> goes on with it.</summary>
    Applying,

    /// <summary>Ended with something not fixed; <c>upgrade</c> tries the rest again.</summary>
    Incomplete,

    /// <summary>Everything is as the policy says.</summary>
    Applied,

    /// <summary>Its downgrade has begun; <c>downgrade</c> goes on with it.</summary>
    Reverting,

    /// <summary>Everything is as before it.</summary>
    Reverted,
}
