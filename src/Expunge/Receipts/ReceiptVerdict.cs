namespace Expunge.Receipts;

/// <summary>Whether a receipt is genuine.</summary>
public enum ReceiptVerdict
{
    /// <summary>It is as it was signed, by the key that was expected, or by the key that it names where none was.</summary>
    Valid,

    /// <summary>Its bytes are not the canonical form: it was changed or formatted anew.</summary>
    NotCanonical,

    /// <summary>There was no key when it was sealed: it proves nothing to anybody who does not trust where it comes from.</summary>
    Unsigned,

    /// <summary>The signature is not of this document, or not well-formed.</summary>
    WrongSignature,

    /// <summary>It is as it was signed, but by another key than the one that was expected.</summary>
    OtherKey,
}
