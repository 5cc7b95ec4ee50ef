namespace Expunge.Verification;

/// <summary>A row of two subjects.</summary>
/// <param name="Row">The row's key.</param>
/// <param name="First">The key of the subject whose it is by the first way.</param>
/// <param name="Second">The key of the subject whose it is by the second.</param>
public sealed record SharedExample(RowKey Row, string First, string Second);
