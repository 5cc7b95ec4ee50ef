namespace Expunge.Server.Accounts;

/// <summary>Refused because it was tried too often; becomes the answer 429.</summary>
internal sealed class TooManyAttemptsException(string message) : Exception(message);
