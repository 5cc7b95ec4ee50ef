namespace Expunge.Deletion;

/// <summary>What one subject has by one reference.</summary>
/// <param name="Table">The table, without the root's schema.</param>
/// <param name="Columns">The referring columns; null for the root itself.</param>
/// <param name="Rows">How many rows refer to the subject, or to what goes with it, by these columns. A row that refers by two references is in both.</param>
/// <param name="What">What happens to them: the delete rule's word of the policy file, or <c>delete</c>.</param>
/// <param name="Path">How they lead to the root, such as <c>message_attachments → chat_messages → users</c>.</param>
public sealed record ExplainedReference(string Table, string? Columns, long Rows, string What, string Path);
