using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace Expunge.Tests.Outbox;

/// <summary>A real HTTP server on this machine that keeps what it is sent.</summary>
internal sealed class HttpEndpoint : IDisposable
{
    private readonly HttpListener _listener = new();

    public HttpEndpoint()
    {
        using var free = new TcpListener(IPAddress.Loopback, 0);
        free.Start();
        Url = $"http://127.0.0.1:{((IPEndPoint)free.LocalEndpoint).Port}/hook";
        free.Stop();
        _listener.Prefixes.Add(Url + "/");
        _listener.Start();
        _ = ServeAsync();
    }

    public string Url { get; }

    /// <summary>What it answers to a request.</summary>
    public Func<Request, HttpListenerResponse, Task> Answer { get; set; } = (_, _) => Task.CompletedTask;

    public ConcurrentQueue<Request> Requests { get; } = [];

    public void Dispose() => _listener.Close();

    private async Task ServeAsync()
    {
        while (_listener.IsListening)
        {
            try
            {
                var context = await _listener.GetContextAsync();
                _ = Task.Run(() => AnswerAsync(context));
            }
            catch (Exception e) when (e is HttpListenerException or ObjectDisposedException or InvalidOperationException)
            {
                return;
            }
        }
    }

    private async Task AnswerAsync(HttpListenerContext context)
    {
        try
        {
            using var body = new MemoryStream();
            await context.Request.InputStream.CopyToAsync(body);
            var request = new Request(context.Request.HttpMethod, context.Request.ContentType, context.Request.Headers.AllKeys.ToDictionary(k => k!, k => context.Request.Headers[k]!, StringComparer.OrdinalIgnoreCase), body.ToArray());
            Requests.Enqueue(request);
            await Answer(request, context.Response);
            context.Response.Close();
        }
        catch (Exception e) when (e is HttpListenerException or IOException or ObjectDisposedException)
        {
            // Whoever asked is gone.
        }
    }

    internal sealed record Request(string Method, string? ContentType, IReadOnlyDictionary<string, string> Headers, byte[] Body);
}
