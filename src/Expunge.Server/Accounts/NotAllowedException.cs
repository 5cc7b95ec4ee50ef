namespace Expunge.Server.Accounts;

/// <summary>Refused because the account may not do it; becomes the answer 403.</summary>
internal sealed class NotAllowedException(string message) : Exception(message);
