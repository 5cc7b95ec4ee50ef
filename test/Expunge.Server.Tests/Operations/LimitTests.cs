using System.Net;
using System.Net.Sockets;
using System.Text;
using Expunge.Server.Tests.Api;
using Xunit;

namespace Expunge.Server.Tests.Operations;

public sealed class LimitTests
{
    [Fact]
    public async Task A_body_that_does_not_come_is_answered_with_408()
    {
        await using var server = await RunningServer.ZivoHealthAsync(new ServerOptions { BodyGrace = TimeSpan.FromSeconds(2) });
        using var slow = await BeginAsync(server);

        var answer = await ReadAsync(slow);

        Assert.StartsWith("HTTP/1.1 408 ", answer, StringComparison.Ordinal);
        Assert.Contains("The body came too slowly.", answer, StringComparison.Ordinal);
    }

    [Fact(Timeout = 60_000)]
    public async Task A_body_that_trickles_is_answered_with_408()
    {
        await using var server = await RunningServer.ZivoHealthAsync(new ServerOptions { BodyGrace = TimeSpan.FromSeconds(2) });
        using var slow = await BeginAsync(server);
        var answer = ReadAsync(slow);

        while (!answer.IsCompleted)
        {
            try
            {
                await slow.SendAsync(" "u8.ToArray());
            }
            catch (SocketException)
            {
                break;
            }

            await Task.Delay(200, TestContext.Current.CancellationToken);
        }

        Assert.StartsWith("HTTP/1.1 408 ", await answer, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Headers_that_do_not_come_are_answered_with_408()
    {
        await using var server = await RunningServer.ZivoHealthAsync(new ServerOptions { HeaderTimeout = TimeSpan.FromSeconds(1) });
        using var slow = await ConnectAsync(server);
        await slow.SendAsync("GET /api/v1/admin/users HTTP/1.1\r\nHost: x\r\n"u8.ToArray());

        Assert.StartsWith("HTTP/1.1 408 ", await ReadAsync(slow), StringComparison.Ordinal);
    }

    [Fact(Timeout = 60_000)]
    public async Task More_requests_at_once_than_are_taken_are_answered_with_503_and_when_to_come_again()
    {
        await using var server = await (await RunningServer.ZivoHealthAsync(new ServerOptions { MaxConcurrentRequests = 1 })).SignInAsync();
        var held = new List<Socket>();
        HttpResponseMessage refused;
        do
        {
            // Again: the one before can have been refused itself.
            held.Add(await BeginAsync(server));
            refused = await server.Client.GetAsync(new Uri(Json.Users, UriKind.Relative), TestContext.Current.CancellationToken);
        }
        while (refused.StatusCode == HttpStatusCode.OK);

        Assert.Equal("1", refused.Headers.GetValues("Retry-After").Single());
        Assert.Contains("1 requests are at work", await Task.FromResult(refused).ProblemAsync(HttpStatusCode.ServiceUnavailable), StringComparison.Ordinal);
        Assert.Equal("Healthy", await server.Client.GetStringAsync(new Uri("/health/ready", UriKind.Relative), TestContext.Current.CancellationToken));

        foreach (var socket in held) socket.Dispose();
        while ((await server.Client.GetAsync(new Uri(Json.Users, UriKind.Relative), TestContext.Current.CancellationToken)).StatusCode != HttpStatusCode.OK) await Task.Delay(50, TestContext.Current.CancellationToken);
    }

    [Fact(Timeout = 60_000)]
    public async Task More_connections_than_are_taken_are_closed_and_later_ones_served()
    {
        await using var server = await RunningServer.ZivoHealthAsync(new ServerOptions { MaxConnections = 10 });
        var open = new List<Socket>();
        for (var i = 0; i < 10; i++) open.Add(await BeginAsync(server));
        using var further = await ConnectAsync(server);

        Assert.Equal("", await ReadAsync(further));

        foreach (var socket in open) socket.Dispose();
        using var client = server.Anonymous();
        while (true)
        {
            try
            {
                Assert.Equal("Healthy", await client.GetStringAsync(new Uri("/health/live", UriKind.Relative), TestContext.Current.CancellationToken));
                break;
            }
            catch (HttpRequestException)
            {
                await Task.Delay(50, TestContext.Current.CancellationToken);
            }
        }
    }

    [Fact(Timeout = 60_000)]
    public async Task Ids_and_bytes_of_a_request_are_limited_as_configured()
    {
        await using var server = await (await RunningServer.ZivoHealthAsync(new ServerOptions { MaxIdsPerRequest = 2, MaxBodyBytes = 1024 })).SignInAsync();

        Assert.Contains("a request may have 2", await server.Client.SendAsync(Json.Mark, """{"user_ids":[1,2,3]}""").ProblemAsync(HttpStatusCode.BadRequest), StringComparison.Ordinal);
        await server.Client.SendAsync(Json.Mark, $$"""{"user_ids":[1{{new string(' ', 1024)}}]}""").ProblemAsync(HttpStatusCode.RequestEntityTooLarge);
        Assert.Contains("\"maxItems\": 2", await server.Client.GetStringAsync(new Uri("/openapi/v1.json", UriKind.Relative), TestContext.Current.CancellationToken), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/api/v1/admin/users?limit=2", HttpStatusCode.OK)]
    [InlineData("/api/v1/admin/users?limit=0", HttpStatusCode.BadRequest)]
    [InlineData("/api/v1/admin/admins", HttpStatusCode.OK)]
    [InlineData("/openapi/v1.json", HttpStatusCode.OK)]
    [InlineData("/health/live", HttpStatusCode.OK)]
    public async Task HEAD_is_answered_like_GET_without_a_body(string path, HttpStatusCode status)
    {
        await using var server = await (await RunningServer.ZivoHealthAsync()).SignInAsync();
        using var get = await server.Client.GetAsync(new Uri(path, UriKind.Relative), TestContext.Current.CancellationToken);
        using var request = new HttpRequestMessage(HttpMethod.Head, path);
        using var head = await server.Client.SendAsync(request, TestContext.Current.CancellationToken);

        Assert.Equal((status, get.StatusCode), (head.StatusCode, head.StatusCode));
        Assert.Equal(get.Content.Headers.ContentType, head.Content.Headers.ContentType);
        Assert.Equal(get.Headers.TryGetValues("Link", out var link) ? link : [], head.Headers.TryGetValues("Link", out var same) ? same : []);
        Assert.Empty(await head.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken));
    }

    [Theory]
    [InlineData("127.0.0.1", HttpStatusCode.Unauthorized, true)]
    [InlineData("127.0.0.0/8", HttpStatusCode.Unauthorized, true)]
    [InlineData("10.0.0.0/8", HttpStatusCode.TooManyRequests, false)]
    [InlineData(null, HttpStatusCode.TooManyRequests, false)]
    public async Task The_headers_of_a_proxy_are_believed_where_it_is_trusted_and_nowhere_else(string? trusted, HttpStatusCode another, bool isHttps)
    {
        await using var server = await RunningServer.ZivoHealthAsync(new ServerOptions { SignInsPerMinute = 1, TrustedProxies = trusted is null ? [] : [IPNetwork.Parse(trusted.Contains('/', StringComparison.Ordinal) ? trusted : $"{trusted}/32")] });
        using var client = server.Anonymous();

        using var first = await SendAsync("203.0.113.7");
        using var second = await SendAsync("203.0.113.8");

        Assert.Equal((HttpStatusCode.Unauthorized, another), (first.StatusCode, second.StatusCode));
        Assert.Equal(isHttps ? ["max-age=31536000"] : [], first.Headers.TryGetValues("Strict-Transport-Security", out var values) ? values : []);

        async Task<HttpResponseMessage> SendAsync(string from)
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, Json.Login) { Content = new StringContent("""{"username":"root","password":"wrong"}""", Encoding.UTF8, "application/json") };
            request.Headers.Add("X-Forwarded-For", from);
            request.Headers.Add("X-Forwarded-Proto", "https");
            return await client.SendAsync(request, TestContext.Current.CancellationToken);
        }
    }

    [Fact(Timeout = 60_000)]
    public async Task What_a_caller_itself_puts_into_the_header_before_the_proxy_is_not_believed()
    {
        await using var server = await RunningServer.ZivoHealthAsync(new ServerOptions { SignInsPerMinute = 1, TrustedProxies = [IPNetwork.Parse("127.0.0.1/32")] });
        using var client = server.Anonymous();

        foreach (var (forged, status) in (ReadOnlySpan<(string, HttpStatusCode)>)[("198.51.100.1", HttpStatusCode.Unauthorized), ("198.51.100.2", HttpStatusCode.TooManyRequests)])
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, Json.Login) { Content = new StringContent("""{"username":"root","password":"wrong"}""", Encoding.UTF8, "application/json") };
            request.Headers.TryAddWithoutValidation("X-Forwarded-For", $"{forged}, 203.0.113.7");
            using var response = client.Send(request, TestContext.Current.CancellationToken);
            Assert.Equal(status, response.StatusCode);
        }
    }

    /// <summary>A sign-in whose body does not come.</summary>
    private static async Task<Socket> BeginAsync(RunningServer server)
    {
        var socket = await ConnectAsync(server);
        await socket.SendAsync(Encoding.ASCII.GetBytes($"POST {Json.Login} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n"));
        return socket;
    }

    private static async Task<Socket> ConnectAsync(RunningServer server)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(IPAddress.Loopback, new Uri(server.Url).Port, TestContext.Current.CancellationToken);
        return socket;
    }

    private static async Task<string> ReadAsync(Socket socket)
    {
        var (text, buffer) = (new StringBuilder(), new byte[4096]);
        try
        {
            for (int read; (read = await socket.ReceiveAsync(buffer, TestContext.Current.CancellationToken)) > 0;) text.Append(Encoding.UTF8.GetString(buffer, 0, read));
        }
        catch (SocketException)
        {
            // Closed at once: what had come has come.
        }

        return $"{text}";
    }
}
