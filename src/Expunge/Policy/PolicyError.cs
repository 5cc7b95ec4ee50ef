namespace Expunge.Policy;

/// <summary>One thing that is wrong in a policy file.</summary>
/// <param name="Location">Where it stands.</param>
/// <param name="Message">What is wrong, with the nearest right name where there is one; one line, without the location.</param>
public sealed record PolicyError(SourceLocation Location, string Message);
