using System.Security.Cryptography;
using System.Text;

namespace Expunge.Outbox;

/// <summary>The key that webhooks are signed with, in the manner of Standard Webhooks.</summary>
public sealed class WebhookSecret
{
    /// <summary>The environment variable that holds it. Never an argument, which other users of the machine could read.</summary>
    public const string Variable = "EXPUNGE_WEBHOOK_SECRET";

    private const string Prefix = "whsec_";

    private readonly byte[] _key;

    private WebhookSecret(byte[] key) => _key = key;

    /// <summary>Reads <c>whsec_</c> and 24 to 64 bytes in Base64; the prefix may be missing.</summary>
    /// <param name="text">The text; null or empty where there is none.</param>
    /// <exception cref="ExpungeException"><see cref="ErrorCodes.ReceiverUnusable"/>: it is missing or not of that form. The message doesn't show it.</exception>
    public static WebhookSecret Parse(string? text)
    {
        text = text?.Trim() ?? "";
        var buffer = new byte[text.Length];
        var encoded = text.StartsWith(Prefix, StringComparison.Ordinal) ? text[Prefix.Length..] : text;
        if (Convert.TryFromBase64String(encoded, buffer, out var length) && length is >= 24 and <= 64) return new WebhookSecret(buffer[..length]);
        throw new ExpungeException(
            ErrorCodes.ReceiverUnusable, text.Length == 0 ? $"Webhooks are signed, and {Variable} is not set." : $"{Variable} is not '{Prefix}' and 24 to 64 bytes in Base64.",
            $"Make one with  echo \"{Prefix}$(openssl rand -base64 32)\"  and give it to the receiver, too. Nothing was delivered.");
    }

    /// <summary>The signature of a message, as the header <c>webhook-signature</c> holds it: <c>v1,</c> and HMAC-SHA256 in Base64 over id, time and body, separated by dots.</summary>
    /// <param name="id">The header <c>webhook-id</c>.</param>
    /// <param name="time">The header <c>webhook-timestamp</c>: seconds since 1970.</param>
    /// <param name="body">The body as it is sent.</param>
    public string Sign(string id, long time, ReadOnlySpan<byte> body) => $"v1,{Convert.ToBase64String(HMACSHA256.HashData(_key, (byte[])[.. Encoding.UTF8.GetBytes($"{id}.{time}."), .. body]))}";

    /// <inheritdoc/>
    public override string ToString() => Prefix + "…";
}
