using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Expunge.Receipts;

/// <summary>
/// JSON in the one form that can be signed (RFC 8785, JSON Canonicalization Scheme): no spaces, keys in the order of their UTF-16 code units, as few escapes as possible. Numbers are integers only, which both
/// JavaScript and 64-bit integers hold exactly.
/// </summary>
internal static class CanonicalJson
{
    private const long Largest = (1L << 53) - 1;

    private static readonly UTF8Encoding Utf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>The canonical bytes, UTF-8.</summary>
    /// <exception cref="FormatException">A number is no integer that is held exactly, or a text holds half a character.</exception>
    public static byte[] Bytes(JsonNode? node)
    {
        var text = new StringBuilder();
        Write(text, node);
        try
        {
            return Utf8.GetBytes(text.ToString());
        }
        catch (EncoderFallbackException e)
        {
            throw new FormatException("A text holds half a character.", e);
        }
    }

    private static void Write(StringBuilder text, JsonNode? node)
    {
        switch (node)
        {
            case null:
                text.Append("null");
                break;
            case JsonObject members:
                text.Append('{');
                foreach (var (key, value) in members.OrderBy(m => m.Key, StringComparer.Ordinal))
                {
                    if (text[^1] != '{') text.Append(',');
                    WriteText(text, key);
                    text.Append(':');
                    Write(text, value);
                }

                text.Append('}');
                break;
            case JsonArray items:
                text.Append('[').AppendJoinOf(items).Append(']');
                break;
            default:
                WriteValue(text, node);
                break;
        }
    }

    private static StringBuilder AppendJoinOf(this StringBuilder text, JsonArray items)
    {
        for (var i = 0; i < items.Count; i++)
        {
            if (i > 0) text.Append(',');
            Write(text, items[i]);
        }

        return text;
    }

    private static void WriteValue(StringBuilder text, JsonNode value)
    {
        switch (value.GetValueKind())
        {
            case JsonValueKind.String:
                WriteText(text, value.GetValue<string>());
                break;
            case JsonValueKind.Number:
                var number = value.ToJsonString();
                if (!long.TryParse(number, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var integer) || Math.Abs(integer) > Largest) throw new FormatException($"{number} is no integer that JSON holds exactly.");
                text.Append(integer);
                break;
            case var kind:
                text.Append(kind == JsonValueKind.True ? "true" : "false");
                break;
        }
    }

    // RFC 8785, 3.2.2.2.
    private static void WriteText(StringBuilder text, string value)
    {
        text.Append('"');
        foreach (var c in value)
        {
            _ = c switch
            {
                '"' => text.Append("\\\""),
                '\\' => text.Append(@"\\"),
                '\b' => text.Append(@"\b"),
                '\t' => text.Append(@"\t"),
                '\n' => text.Append(@"\n"),
                '\f' => text.Append(@"\f"),
                '\r' => text.Append(@"\r"),
                < ' ' => text.Append(@"\u").Append(((int)c).ToString("x4")),
                _ => text.Append(c),
            };
        }

        text.Append('"');
    }
}
