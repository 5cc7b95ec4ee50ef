namespace Expunge.Revisions;

/// <summary>How a step ended.</summary>
/// <param name="Step">The step.</param>
/// <param name="Failure">Why it could not be done; null when it was.</param>
/// <param name="Elapsed">How long it took.</param>
public sealed record StepResult(Step Step, ExpungeException? Failure, TimeSpan Elapsed);
