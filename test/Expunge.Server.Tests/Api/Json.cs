using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using Xunit;

namespace Expunge.Server.Tests.Api;

/// <summary>Requests and answers as JSON, for tests to read like a client's code.</summary>
internal static class Json
{
    public const string Mark = "/api/v1/admin/users/mark-for-deletion";
    public const string Unmark = "/api/v1/admin/users/unmark";
    public const string DeletePermanently = "/api/v1/admin/users/delete-permanently";
    public const string Deletions = "/api/v1/admin/deletions";
    public const string Audit = "/api/v1/admin/audit";
    public const string Users = "/api/v1/admin/users";
    public const string Admins = "/api/v1/admin/admins";
    public const string Verify = "/api/v1/admin/verify";
    public const string Graph = "/api/v1/admin/graph";
    public const string Login = "/api/v1/auth/admin/login";

    public static Task<HttpResponseMessage> SendAsync(this HttpClient client, string path, string body, params (string Name, string Value)[] headers)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, new Uri(path, UriKind.Relative)) { Content = new StringContent(body, Encoding.UTF8, "application/json") };
        foreach (var (name, value) in headers) request.Headers.Add(name, value);
        return client.SendAsync(request);
    }

    /// <summary>The answer's body, which must come with that status.</summary>
    public static async Task<JsonElement> BodyAsync(this HttpResponseMessage response, HttpStatusCode status = HttpStatusCode.OK)
    {
        var text = await response.Content.ReadAsStringAsync();
        Assert.True(response.StatusCode == status, $"{(int)response.StatusCode} {text}");
        return text.Length == 0 ? default : JsonDocument.Parse(text).RootElement;
    }

    /// <summary>The problem (RFC 9457), which must come with that status; its detail.</summary>
    public static async Task<string> ProblemAsync(this Task<HttpResponseMessage> request, HttpStatusCode status)
    {
        using var response = await request;
        var body = await response.BodyAsync(status);
        Assert.Equal("application/problem+json", response.Content.Headers.ContentType?.MediaType);
        Assert.Equal((int)status, body.GetProperty("status").GetInt32());
        foreach (var member in (string[])["title", "detail"]) Assert.False(string.IsNullOrWhiteSpace(body.GetProperty(member).GetString()));
        return $"{body}";
    }

    public static async Task<JsonElement> GetJsonAsync(this HttpClient client, string path)
    {
        using var response = await client.GetAsync(new Uri(path, UriKind.Relative));
        return await response.BodyAsync();
    }

    public static async Task<string> TokenAsync(this HttpClient client, string name, string password = RunningServer.Password)
    {
        using var response = await client.PostAsJsonAsync(Login, new { username = name, password });
        return (await response.BodyAsync()).GetProperty("access_token").GetString()!;
    }
}
