namespace Expunge.Verification;

/// <summary>Something that is not as the policy says or not as it should be.</summary>
/// <param name="Code">A constant of <see cref="FindingCodes"/>.</param>
/// <param name="Severity">How much it matters.</param>
/// <param name="Object">Which reference or table.</param>
/// <param name="Message">What is the matter.</param>
/// <param name="Repair">What repairs it.</param>
public sealed record Finding(string Code, FindingSeverity Severity, string Object, string Message, string Repair);
