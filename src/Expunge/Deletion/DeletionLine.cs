namespace Expunge.Deletion;

/// <summary>What a deletion does to one table.</summary>
/// <param name="Table">The table, without the root's schema.</param>
/// <param name="Deleted">Rows that are deleted.</param>
/// <param name="Updated">Rows that stay and lose their reference (SET NULL, SET DEFAULT).</param>
/// <param name="Path">How the table leads to the root, such as <c>message_attachments → chat_messages → users</c>.</param>
public sealed record DeletionLine(string Table, long Deleted, long Updated, string Path);
