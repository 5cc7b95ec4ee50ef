using System.Text;
using System.Text.Json.Nodes;
using CsCheck;
using Expunge.Receipts;
using Xunit;

namespace Expunge.Tests.Receipts;

/// <summary>No change of a receipt stays unnoticed.</summary>
public sealed class TamperingTests
{
    private static readonly Lazy<Task<byte[]>> Sealed = new(async () =>
    {
        await using var database = await ReceiptDatabase.CreateAsync();
        return (await database.SealedAsync(TestKeys.Known, "1000", "1001", "424242")).Bytes.ToArray();
    });

    [Fact]
    public async Task Any_byte_that_is_changed_left_out_or_added_is_found()
    {
        var bytes = await Sealed.Value;
        Assert.Equal(ReceiptVerdict.Valid, Verify(bytes));
        // All places, with one other byte each, and then random ones.
        for (var i = 0; i < bytes.Length; i++) Assert.NotEqual(ReceiptVerdict.Valid, Verify([.. bytes[..i], (byte)(bytes[i] ^ 1), .. bytes[(i + 1)..]]));

        Gen.Select(Gen.Int[0, bytes.Length - 1], Gen.Byte, Gen.Int[0, 2]).Sample(
            (at, value, how) => how switch
            {
                0 => bytes[at] == value || Verify([.. bytes[..at], value, .. bytes[(at + 1)..]]) != ReceiptVerdict.Valid,
                1 => Verify([.. bytes[..at], .. bytes[(at + 1)..]]) != ReceiptVerdict.Valid,
                _ => Verify([.. bytes[..at], value, .. bytes[at..]]) != ReceiptVerdict.Valid,
            },
            iter: 2000);
    }

    [Fact]
    public async Task Any_member_that_is_changed_left_out_or_added_is_found_although_the_form_is_kept()
    {
        var document = JsonNode.Parse(await Sealed.Value)!;
        var paths = Paths(document).ToList();
        Assert.True(paths.Count > 45, $"{paths.Count} members");

        foreach (var path in paths)
        {
            foreach (var change in new Action<JsonNode, string>[] { Change, Remove, Add })
            {
                var copy = document.DeepClone();
                var (parent, name) = Parent(copy, path);
                change(parent, name);
                Assert.False(Verify(CanonicalJson.Bytes(copy)) == ReceiptVerdict.Valid, $"{path} {change.Method.Name}");
            }
        }
    }

    [Fact]
    public async Task Cut_off_it_is_no_receipt_and_formatted_anew_it_is_not_as_it_was_sealed()
    {
        var bytes = await Sealed.Value;
        Assert.All(new[] { 0, 1, bytes.Length / 2, bytes.Length - 1 }, n => Assert.Equal(ErrorCodes.NotAReceipt, Assert.Throws<ExpungeException>(() => Receipt.Read(bytes.AsSpan(0, n))).Code));

        var indented = JsonNode.Parse(bytes)!.ToJsonString(new System.Text.Json.JsonSerializerOptions { WriteIndented = true });
        Assert.Equal(ReceiptVerdict.NotCanonical, Verify(Encoding.UTF8.GetBytes(indented)));
        Assert.Equal(ReceiptVerdict.NotCanonical, Verify([.. bytes, (byte)'\n', (byte)'\n']));
        Assert.Equal(ReceiptVerdict.Valid, Verify([.. bytes, (byte)'\n']));
        Assert.Equal(ReceiptVerdict.Valid, Verify([.. bytes, (byte)'\r', (byte)'\n']));
    }

    [Theory]
    [InlineData("")]
    [InlineData("null")]
    [InlineData("[]")]
    [InlineData("{}")]
    [InlineData("""{"type":"expunge deletion receipt"}""")]
    [InlineData("""{"type":"expunge deletion receipt","version":2}""")]
    [InlineData("""{"type":"expunge deletion receipt","type":"expunge deletion receipt","version":1}""")]
    [InlineData("""{"type":"\ud83d","version":1}""")]
    [InlineData("""{"type":"expunge deletion receipt","version":1,"deletion":"1","root":1}""")]
    public void What_is_no_receipt_is_said_to_be_none(string text) => Assert.Equal(ErrorCodes.NotAReceipt, Assert.Throws<ExpungeException>(() => Receipt.Read(Encoding.UTF8.GetBytes(text))).Code);

    [Fact]
    public async Task Signed_anew_by_another_key_it_is_by_another_key()
    {
        var document = (JsonObject)JsonNode.Parse(await Sealed.Value)!;
        document["subjects"]!["deleted"] = 1_000_000;
        ReceiptVerifier.Sign(document, TestKeys.Another);
        var forged = Receipt.Read(CanonicalJson.Bytes(document));

        Assert.Equal((ReceiptVerdict.OtherKey, TestKeys.Another.PublicKey.Id), ReceiptVerifier.Verify(forged, TestKeys.Known.PublicKey) is var (verdict, key) ? (verdict, key!.Id) : default);
        // Whoever knows no key must look at the id.
        Assert.Equal(TestKeys.Another.PublicKey.Id, ReceiptVerifier.Verify(forged, null).Key!.Id);

        // The other's signature under the known key's name.
        var signature = document["signature"]!;
        (signature["keyId"], signature["publicKey"]) = (TestKeys.Known.PublicKey.Id, System.Buffers.Text.Base64Url.EncodeToString(TestKeys.Known.PublicKey.Info.Span));
        Assert.Equal(ReceiptVerdict.WrongSignature, Verify(CanonicalJson.Bytes(document)));
    }

    [Fact]
    public async Task With_its_signature_taken_away_it_is_unsigned()
    {
        var document = (JsonObject)JsonNode.Parse(await Sealed.Value)!;
        document["signature"] = null;

        Assert.Equal(ReceiptVerdict.Unsigned, Verify(CanonicalJson.Bytes(document)));
    }

    private static ReceiptVerdict? Verify(byte[] bytes)
    {
        try
        {
            return ReceiptVerifier.Verify(Receipt.Read(bytes), TestKeys.Known.PublicKey).Verdict;
        }
        catch (ExpungeException e) when (e.Code == ErrorCodes.NotAReceipt)
        {
            return null;
        }
    }

    private static IEnumerable<string> Paths(JsonNode? node, string path = "") => node switch
    {
        JsonObject members => members.SelectMany(m => Paths(m.Value, $"{path}/{m.Key}").Prepend($"{path}/{m.Key}")),
        JsonArray items => items.SelectMany((item, i) => Paths(item, $"{path}/{i}").Prepend($"{path}/{i}")),
        _ => [],
    };

    private static (JsonNode Parent, string Name) Parent(JsonNode root, string path)
    {
        var names = path.Split('/')[1..];
        return (names[..^1].Aggregate(root, (at, name) => at is JsonArray items ? items[int.Parse(name)]! : at[name]!), names[^1]);
    }

    private static void Change(JsonNode parent, string name)
    {
        var old = parent is JsonArray array ? array[int.Parse(name)] : parent[name];
        JsonNode changed = old is JsonValue number && number.TryGetValue<long>(out var n) ? n + 1 : $"{old}x";
        if (parent is JsonArray items) items[int.Parse(name)] = changed;
        else parent[name] = changed;
    }

    private static void Remove(JsonNode parent, string name)
    {
        if (parent is JsonArray items) items.RemoveAt(int.Parse(name));
        else parent.AsObject().Remove(name);
    }

    private static void Add(JsonNode parent, string name)
    {
        if (parent is JsonArray items) items.Add(items[0]!.DeepClone());
        else parent[$"{name}2"] = 1;
    }
}
