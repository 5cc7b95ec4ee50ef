namespace Expunge.Receipts;

/// <summary>What a receipt says of one subject.</summary>
/// <param name="Hash">The subject's keyed hash, 64 lower-case hexadecimal digits.</param>
/// <param name="IsListed">Whether the receipt lists the hashes; it holds only their digest where there are many, and none where there was no key.</param>
/// <param name="Outcome">Such as <c>deleted</c> or <c>not found</c>; null where it is not in the list.</param>
public sealed record ReceiptSubject(string Hash, bool IsListed, string? Outcome);
