namespace Expunge.Verification;

/// <summary>A table can't be read now. Its message is the reason, for people.</summary>
internal sealed class SoftUnreadException(string reason, Exception? cause = null) : Exception(reason, cause);
