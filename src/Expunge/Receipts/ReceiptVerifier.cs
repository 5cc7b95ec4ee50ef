using System.Buffers.Text;
using System.Text.Json.Nodes;

namespace Expunge.Receipts;

/// <summary>Tells whether a receipt is as it was sealed, and by whom. Needs no database.</summary>
public static class ReceiptVerifier
{
    internal const string Algorithm = "ECDSA P-256 SHA-256";

    /// <summary>Verifies the form and the signature.</summary>
    /// <param name="receipt">The receipt.</param>
    /// <param name="expected">The key that must have signed it; null for the one that it names itself, of which the caller must know whose it is.</param>
    /// <returns>The verdict, and the key that signed it where the signature is right.</returns>
    public static (ReceiptVerdict Verdict, PublicKey? Key) Verify(Receipt receipt, PublicKey? expected)
    {
        if (!IsCanonical(receipt)) return (ReceiptVerdict.NotCanonical, null);
        if (receipt.Document["signature"] is not { } signature) return (ReceiptVerdict.Unsigned, null);
        if (Signer(signature) is not var (key, value) || !key.Verifies(Signed(receipt.Document), value)) return (ReceiptVerdict.WrongSignature, null);
        return (expected is null || expected.Id == key.Id ? ReceiptVerdict.Valid : ReceiptVerdict.OtherKey, key);
    }

    /// <summary>Puts the signature into a document.</summary>
    internal static void Sign(JsonObject document, SigningKey key) => document["signature"] = new JsonObject
    {
        ["algorithm"] = Algorithm,
        ["keyId"] = key.PublicKey.Id,
        ["publicKey"] = Base64Url.EncodeToString(key.PublicKey.Info.Span),
        ["value"] = Base64Url.EncodeToString(key.Sign(Signed(document))),
    };

    /// <summary>What is signed: the document without its signature.</summary>
    private static byte[] Signed(JsonObject document)
    {
        var copy = (JsonObject)document.DeepClone();
        copy.Remove("signature");
        return CanonicalJson.Bytes(copy);
    }

    private static bool IsCanonical(Receipt receipt)
    {
        try
        {
            return CanonicalJson.Bytes(receipt.Document).AsSpan().SequenceEqual(receipt.Bytes.Span);
        }
        catch (Exception e) when (e is FormatException or InvalidOperationException)
        {
            return false;
        }
    }

    // The signature does not sign itself: exactly these members, each in the one form that it can have.
    private static (PublicKey Key, byte[] Value)? Signer(JsonNode signature)
    {
        if (signature is not JsonObject { Count: 4 } members || Text("algorithm") != Algorithm) return null;
        if (Bytes("publicKey") is not { } info || Bytes("value") is not { } value || PublicKey.TryRead(info) is not { } key) return null;
        return key.Info.Span.SequenceEqual(info) && Text("keyId") == key.Id ? (key, value) : null;

        string? Text(string name) => members[name] is JsonValue v && v.TryGetValue<string>(out var text) ? text : null;

        byte[]? Bytes(string name)
        {
            if (Text(name) is not { } text || !Base64Url.IsValid(text)) return null;
            var bytes = Base64Url.DecodeFromChars(text);
            return Base64Url.EncodeToString(bytes) == text ? bytes : null;
        }
    }
}
