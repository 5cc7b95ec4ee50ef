namespace Expunge.Verification;

/// <summary>The subject that by one way has most rows which by the other are others'.</summary>
/// <param name="Subject">Its key.</param>
/// <param name="Rows">How many; of a sample, how many there.</param>
/// <param name="Others">Of how many others they are.</param>
public sealed record SharedMost(string Subject, long Rows, long Others);
