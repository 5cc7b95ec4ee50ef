namespace Expunge.Verification;

/// <summary>What an action would do to the rows of two subjects.</summary>
/// <param name="Action">The action's word in the policy file.</param>
/// <param name="Effect">What it would do to whom, as a sentence without its full stop.</param>
public sealed record SharedEffect(string Action, string Effect);
