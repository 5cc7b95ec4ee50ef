using System.Net.Http.Headers;

namespace Expunge.Outbox;

/// <summary>Sends each event as a signed POST. Any answer of 200 to 299 means that it is delivered; a redirect is not followed.</summary>
public sealed class WebhookReceiver : IOutboxReceiver, IDisposable
{
    private readonly HttpClient _client = new(new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false, PooledConnectionLifetime = TimeSpan.FromMinutes(5) }) { Timeout = Timeout.InfiniteTimeSpan };
    private readonly Uri _url;
    private readonly WebhookSecret _secret;

    /// <summary>Sends nothing yet.</summary>
    /// <param name="url">Where to: http or https, without a name and password.</param>
    /// <param name="secret">What to sign with.</param>
    /// <exception cref="ExpungeException"><see cref="ErrorCodes.ReceiverUnusable"/>: the address is none.</exception>
    public WebhookReceiver(string url, WebhookSecret secret)
    {
        if (!Uri.TryCreate(url, UriKind.Absolute, out var parsed) || parsed.Scheme is not ("http" or "https") || parsed.UserInfo.Length > 0)
        {
            throw new ExpungeException(ErrorCodes.ReceiverUnusable, "The webhook's address is not one of http or https without a name and password.", "Write it as https://host/path. Nothing was delivered.");
        }

        (_url, _secret) = (parsed, secret);
        _client.DefaultRequestHeaders.UserAgent.Add(new ProductInfoHeaderValue("Expunge", typeof(WebhookReceiver).Assembly.GetName().Version?.ToString(3)));
    }

    /// <summary>Whether everybody on the way can read the values.</summary>
    public bool IsClearText => _url.Scheme == "http" && !_url.IsLoopback;

    /// <inheritdoc/>
    public int BatchSize => 1;

    /// <inheritdoc/>
    public async Task<string?> DeliverAsync(IReadOnlyList<OutboxEvent> events, CancellationToken cancellation)
    {
        var (id, time, body) = ($"{events[0].EventId}", DateTimeOffset.UtcNow.ToUnixTimeSeconds(), events[0].ToJson());
        using var request = new HttpRequestMessage(HttpMethod.Post, _url) { Content = new ByteArrayContent(body) };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        request.Headers.Add("webhook-id", id);
        request.Headers.Add("webhook-timestamp", $"{time}");
        request.Headers.Add("webhook-signature", _secret.Sign(id, time, body));
        request.Headers.Add("Idempotency-Key", id);
        try
        {
            // What it answers is not read: it could hold anything.
            using var response = await _client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellation);
            return response.IsSuccessStatusCode ? null : $"HTTP {(int)response.StatusCode}";
        }
        catch (HttpRequestException e)
        {
            return $"{e.HttpRequestError}: {(e.InnerException ?? e).Message}";
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _client.Dispose();
}
