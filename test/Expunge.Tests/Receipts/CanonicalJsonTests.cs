using System.Text;
using System.Text.Json.Nodes;
using CsCheck;
using Expunge.Receipts;
using Xunit;

namespace Expunge.Tests.Receipts;

/// <summary>RFC 8785, as far as receipts need it.</summary>
public sealed class CanonicalJsonTests
{
    [Fact]
    public void The_texts_and_literals_of_RFC_8785_3_2_2_are_written_as_there() => Is(
        """{"literals":[null,true,false],"string":"€$\u000f\nA'B\"\\\\\"/"}""",
        """
        {
          "string": "\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/",
          "literals": [null, true, false]
        }
        """);

    [Fact]
    public void Keys_are_in_the_order_of_their_UTF_16_code_units_as_in_RFC_8785_3_2_3()
    {
        var written = Write("""{ "\u20ac": "Euro Sign", "\r": "Carriage Return", "\ufb33": "Hebrew Letter Dalet With Dagesh", "1": "One", "\ud83d\ude00": "Emoji: Grinning Face", "\u0080": "Control", "\u00f6": "Latin Small Letter O With Diaeresis" }""");

        string[] expected = ["Carriage Return", "One", "Control", "Latin Small Letter O With Diaeresis", "Euro Sign", "Emoji: Grinning Face", "Hebrew Letter Dalet With Dagesh"];
        Assert.Equal(expected, JsonNode.Parse(written)!.AsObject().Select(m => $"{m.Value}"));
    }

    [Fact]
    public void Control_characters_have_the_escapes_of_RFC_8785_and_nothing_else_is_escaped() =>
        Is("""["\b\t\n\f\r\u0000\u001f","<>&'+/é😀"]""".Replace("é", "é\u007f\u2028", StringComparison.Ordinal), """["\u0008\u0009\u000A\u000C\u000D\u0000\u001F", "\u003c\u003E\u0026\u0027\u002B\/\u00e9\u007f\u2028\ud83d\ude00"]""");

    [Fact]
    public void Nested_and_empty_ones_have_no_spaces() => Is("""{"a":[],"b":{},"c":[{"d":-1},[0]],"e":""}""", """{ "e": "", "c": [ { "d": -1 }, [ 0 ] ], "b": { }, "a": [ ] }""");

    [Theory]
    [InlineData("1.5")]
    [InlineData("1e3")]
    [InlineData("9007199254740992")]
    [InlineData("-9007199254740992")]
    [InlineData("123456789012345678901234567890")]
    public void A_number_that_is_no_integer_that_JSON_holds_exactly_is_refused(string number) => Assert.Throws<FormatException>(() => Write(number));

    [Theory]
    [InlineData("9007199254740991")]
    [InlineData("-9007199254740991")]
    public void The_largest_integers_are_written(string number) => Is(number, $" {number} ");

    [Fact]
    public void Half_a_character_is_refused() => Assert.Throws<FormatException>(() => CanonicalJson.Bytes(JsonValue.Create("\ud83d")));

    [Fact]
    public void Any_text_is_read_back_as_it_was_and_written_the_same_again() => Gen.String.Where(IsWhole).Array.Sample(texts =>
    {
        var document = new JsonObject(texts.Distinct(StringComparer.Ordinal).Select(t => KeyValuePair.Create(t, (JsonNode?)t)));
        var bytes = CanonicalJson.Bytes(document);
        var read = JsonNode.Parse(bytes)!.AsObject();
        return read.All(m => m.Key == m.Value!.GetValue<string>()) && read.Count == document.Count && CanonicalJson.Bytes(read).AsSpan().SequenceEqual(bytes);
    });

    private static bool IsWhole(string text) => !text.EnumerateRunes().Any(r => r == System.Text.Rune.ReplacementChar);

    private static void Is(string expected, string json) => Assert.Equal(expected, Write(json));

    private static string Write(string json) => Encoding.UTF8.GetString(CanonicalJson.Bytes(JsonNode.Parse(json)));
}
