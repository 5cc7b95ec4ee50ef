using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Expunge.Postgres;

namespace Expunge.Receipts;

/// <summary>The receipt of a deletion: a JSON document in canonical form, signed where there was a key. What it says is true only as far as <see cref="ReceiptVerifier"/> finds it so.</summary>
public sealed class Receipt
{
    /// <summary>What the document's member <c>type</c> says.</summary>
    public const string Type = "expunge deletion receipt";

    /// <summary>The form's version, the document's member <c>version</c>.</summary>
    public const int Version = 1;

    private readonly byte[] _bytes;
    private readonly QualifiedName _root;

    private Receipt(byte[] bytes, JsonObject document)
    {
        _bytes = bytes;
        Document = document;
        (Deletion, Root, State) = (Number("deletion"), Text(document["root"]), Text(document["state"]));
        _root = QualifiedName.Parse(Root);
        Database = Text((document["database"] as JsonObject)?["name"]);
        (Deleted, TotalDeleted) = (Number("subjects", "deleted"), Number("totals", "deleted"));
        KeyId = document["signature"] is null ? null : Text((document["signature"] as JsonObject)?["keyId"]);
    }

    /// <summary>The document as it was given, without a line break at its end.</summary>
    public ReadOnlyMemory<byte> Bytes => _bytes;

    /// <summary>The deletion's number in its database.</summary>
    public long Deletion { get; }

    /// <summary>The table of the subjects, with its schema.</summary>
    public string Root { get; }

    /// <summary>How the deletion ended: <c>completed</c>, <c>failed</c> or <c>cancelled</c>.</summary>
    public string State { get; }

    /// <summary>The database's name.</summary>
    public string Database { get; }

    /// <summary>How many subjects were deleted.</summary>
    public long Deleted { get; }

    /// <summary>How many rows were deleted.</summary>
    public long TotalDeleted { get; }

    /// <summary>The id of the key that it says it is signed by; null where it is unsigned.</summary>
    public string? KeyId { get; }

    internal JsonObject Document { get; }

    /// <summary>Reads a receipt; whether it is genuine is another question. One line break at the end, which editors and shells add, is no part of it.</summary>
    /// <param name="bytes">The document, UTF-8.</param>
    /// <exception cref="ExpungeException"><see cref="ErrorCodes.NotAReceipt"/>.</exception>
    public static Receipt Read(ReadOnlySpan<byte> bytes)
    {
        bytes = bytes.EndsWith("\r\n"u8) ? bytes[..^2] : bytes.EndsWith("\n"u8) ? bytes[..^1] : bytes;
        try
        {
            if (JsonNode.Parse(bytes, documentOptions: new JsonDocumentOptions { AllowDuplicateProperties = false }) is JsonObject document
                && Text(document["type"]) == Type && document["version"] is JsonValue version && version.TryGetValue<int>(out var number) && number == Version)
            {
                return new Receipt(bytes.ToArray(), document);
            }
        }
        catch (Exception e) when (e is JsonException or FormatException or InvalidOperationException or ArgumentException)
        {
            // Half a character is InvalidOperationException, and so is text that is no UTF-8.
            throw Not(e);
        }

        throw Not(null);

        static ExpungeException Not(Exception? cause) => new(
            ErrorCodes.NotAReceipt, $"That is no whole receipt of version {Version}: not JSON, cut off, or without what every receipt has.", "Give the file as  expunge receipt show NUMBER  prints it; a newer version of Expunge may know its form.", cause);
    }

    /// <summary>Looks for a subject among the hashes.</summary>
    /// <param name="key">The signing key, of which the key of the hashes is derived.</param>
    /// <param name="id">The subject's key, as PostgreSQL writes it as text.</param>
    public ReceiptSubject FindSubject(SigningKey key, string id)
    {
        var hash = Convert.ToHexStringLower(key.HashSubject(_root, id));
        var list = (Document["subjectHashes"] as JsonObject)?["list"] as JsonArray;
        var entry = list?.OfType<JsonObject>().FirstOrDefault(e => $"{e["hash"]}" == hash);
        return new ReceiptSubject(hash, list is not null, entry is null ? null : $"{entry["outcome"]}");
    }

    /// <summary>The document as text.</summary>
    public override string ToString() => Encoding.UTF8.GetString(_bytes);

    private static string Text(JsonNode? node) => node is JsonValue value && value.TryGetValue<string>(out var text) ? text : throw new FormatException("A text is missing.");

    private long Number(params ReadOnlySpan<string> path)
    {
        JsonNode? node = Document;
        foreach (var name in path) node = (node as JsonObject)?[name];
        return node is JsonValue value && value.TryGetValue<long>(out var number) ? number : throw new FormatException("A number is missing.");
    }
}
