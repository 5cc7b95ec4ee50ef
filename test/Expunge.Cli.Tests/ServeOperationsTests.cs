using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using Expunge.Postgres;
using Expunge.Testing;
using Npgsql;
using Xunit;

namespace Expunge.Cli.Tests;

/// <summary>The server as it is run: a process of its own, with its configuration, its log, and what it tells others.</summary>
public sealed partial class ServeOperationsTests
{
    private const string Password = "your secret password";
    private const string Search = "Sample User 3";
    private const string RaisedText = "raised about";

    [Theory]
    [InlineData("text")]
    [InlineData("json")]
    public async Task The_log_tells_what_was_done_and_holds_no_secret_and_no_personal_data(string format)
    {
        var connectionString = await DocsDatabase.CreateAsync(upgraded: true);
        // What an application's trigger says of a row is the worst that PostgreSQL's words can hold.
        await TestServer.ExecuteAsync(connectionString, $"""
            CREATE FUNCTION tell() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION '{RaisedText} %', old.email USING ERRCODE = '42501'; END $$;
            CREATE TRIGGER tell BEFORE UPDATE ON users FOR EACH ROW WHEN (old.id = 9) EXECUTE FUNCTION tell();
            """);
        using var folder = new Folder();
        await CreateAdminAsync(connectionString, folder);
        using var serve = ExpungeProcess.Start(["serve", "--port", "0", "--log", format], Environment(connectionString), directory: folder.Path);
        using var client = await ClientAsync(serve);

        var token = await UseAsync(client);
        serve.Interrupt();
        var log = (await serve.WaitAsync()).Error;

        foreach (var said in (string[])["signed in", "A sign-in failed from", "marked 1 row(s)", "ended: Completed; 1 deleted", "was answered with 500", "SQLSTATE 42501"]) Assert.Contains(said, log, StringComparison.Ordinal);
        foreach (var secret in (string[])[Password, "wrong password", token, "@example.com", "Sample User", "sample+user", "sample%20user", RaisedText, "nobody-of-that-name"])
        {
            Assert.False(log.Contains(secret, StringComparison.OrdinalIgnoreCase), $"'{secret}' is in the log:\n{log}");
        }

        if (format != "json") return;
        var events = log.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(l => JsonDocument.Parse(l).RootElement).ToList();
        Assert.Contains(events, e => e.GetProperty("event_id").GetInt32() == 3 && e.GetProperty("event").GetString() == "DeletionRequested" && e.GetProperty("level").GetString() == "Warning" && e.GetProperty("values").GetProperty("Count").GetInt32() == 1);
    }

    [Fact]
    public async Task Traces_and_metrics_go_where_OTLP_is_told_to_without_personal_data()
    {
        var connectionString = await DocsDatabase.CreateAsync(upgraded: true);
        using var folder = new Folder();
        await CreateAdminAsync(connectionString, folder);
        using var collector = new Collector();
        var environment = Environment(connectionString);
        foreach (var (name, value) in (ReadOnlySpan<(string, string)>)[("OTEL_EXPORTER_OTLP_ENDPOINT", collector.Url), ("OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf"), ("OTEL_BSP_SCHEDULE_DELAY", "200"), ("OTEL_METRIC_EXPORT_INTERVAL", "500")]) environment[name] = value;
        using var serve = ExpungeProcess.Start(["serve", "--port", "0"], environment, directory: folder.Path);
        using var client = await ClientAsync(serve);

        var token = await UseAsync(client);
        serve.Interrupt();
        await serve.WaitAsync();
        var sent = collector.Sent;

        foreach (var said in (string[])["expunge deletion", "expunge batch", "expunge.deletion.rows", "expunge.queue.depth", "delete-permanently", "DELETE FROM"]) Assert.True(sent.Contains(said, StringComparison.Ordinal), $"'{said}' was not sent.");
        foreach (var secret in (string[])[Password, "wrong password", token, "@example.com", "Sample User", "sample+user", "sample%20user", "nobody-of-that-name"]) Assert.False(sent.Contains(secret, StringComparison.OrdinalIgnoreCase), $"'{secret}' was sent.");
    }

    [Fact]
    public async Task The_queue_is_measured_in_deletions_and_in_the_time_that_the_oldest_has_waited()
    {
        using var blog = await BlogDatabase.CreateAsync();
        await using (var database = new Database(new NpgsqlConnectionStringBuilder(blog.ConnectionString))) await ExpungeSchema.EnsureServerAsync(database, cancellation: TestContext.Current.CancellationToken);
        await TestServer.ExecuteAsync(blog.ConnectionString, """
            INSERT INTO expunge.deletion (root, policy_hash, request, only_marked, state) VALUES ('public.users', '', '', false, 'pending'), ('public.users', '', '', false, 'pending'), ('public.users', '', '', false, 'paused');
            INSERT INTO expunge.deletion_queue SELECT id, now() - CASE id WHEN 1 THEN interval '1 hour' WHEN 2 THEN interval '0' ELSE interval '1 day' END FROM expunge.deletion;
            """);
        using var serve = ExpungeProcess.Start(["serve", "--no-worker", "--port", "0", "--database", blog.ConnectionString], directory: blog.Policy.Folder);
        using var client = await ClientAsync(serve);
        string metrics;
        do metrics = await client.GetStringAsync(new Uri("/metrics", UriKind.Relative), TestContext.Current.CancellationToken);
        while (!metrics.Contains("expunge_queue_depth", StringComparison.Ordinal));

        Assert.Matches(@"(?m)^expunge_queue_depth\S* 2( |$)", metrics);
        Assert.Matches(@"(?m)^expunge_queue_age_seconds\S* 36\d\d\.", metrics);
    }

    [Theory]
    [InlineData("Expunge__SesionLifetime", "00:30:00", "did you mean Expunge__SessionLifetime?")]
    [InlineData("Expunge__SessionLifetime", "9.00:00:00", "it is from 00:00:01 to 1.00:00:00.")]
    [InlineData("ASPNETCORE_FORWARDEDHEADERS_ENABLED", "true", "Expunge__TrustedProxies")]
    public async Task A_configuration_that_can_t_be_is_refused_before_anything_is_asked_of_the_database(string variable, string value, string says)
    {
        using var folder = new Folder();
        var result = await ExpungeProcess.RunAsync(["serve", "--database", "Host=127.0.0.1;Port=1", "--root", "users"], new Dictionary<string, string?>(StringComparer.Ordinal) { [variable] = value }, directory: folder.Path);

        Assert.True(result.ExitCode == 2, result.ToString());
        Assert.Contains(says, result.Error, StringComparison.Ordinal);
        Assert.Contains("[EXP1403]", result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_variable_wins_over_the_file_and_the_command_line_over_both()
    {
        using var blog = await BlogDatabase.CreateAsync();
        await File.WriteAllTextAsync(Path.Combine(blog.Policy.Folder, "appsettings.json"), """{ "Expunge": { "Url": "http://0.0.0.0:1", "Metrics": false, "Log": "Json" } }""", TestContext.Current.CancellationToken);
        using var serve = ExpungeProcess.Start(
            ["serve", "--listen", "127.0.0.1", "--port", "0", "--database", blog.ConnectionString], new Dictionary<string, string?>(StringComparer.Ordinal) { ["Expunge__Metrics"] = "true" }, directory: blog.Policy.Folder);
        using var client = await ClientAsync(serve);

        Assert.Contains("target_info", await client.GetStringAsync(new Uri("/metrics", UriKind.Relative), TestContext.Current.CancellationToken), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_file_that_is_not_JSON_is_refused_with_its_path()
    {
        using var folder = new Folder();
        await File.WriteAllTextAsync(Path.Combine(folder.Path, "appsettings.json"), "{ Expunge: }", TestContext.Current.CancellationToken);
        var result = await ExpungeProcess.RunAsync(["serve", "--database", "Host=127.0.0.1;Port=1", "--root", "users"], directory: folder.Path);

        Assert.True(result.ExitCode == 2, result.ToString());
        Assert.Contains("appsettings.json can't be read: ", result.Error, StringComparison.Ordinal);
    }

    /// <summary>All that a caller may do, right and wrong; the token that it got.</summary>
    private static async Task<string> UseAsync(HttpClient client)
    {
        var cancellation = TestContext.Current.CancellationToken;
        Assert.Equal(HttpStatusCode.Unauthorized, (await client.PostAsJsonAsync("/api/v1/auth/admin/login", new { username = "nobody-of-that-name", password = "wrong password" }, cancellation)).StatusCode);
        var login = await client.PostAsJsonAsync("/api/v1/auth/admin/login", new { username = "admin", password = Password }, cancellation);
        var token = (await login.Content.ReadFromJsonAsync<JsonElement>(cancellation)).GetProperty("access_token").GetString()!;
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token);
        Assert.Contains("@example.com", await client.GetStringAsync(new Uri($"/api/v1/admin/users?search={Uri.EscapeDataString(Search)}", UriKind.Relative), cancellation), StringComparison.Ordinal);
        (string Path, string Ids, HttpStatusCode Status)[] posts =
        [
            ("mark-for-deletion", "[3]", HttpStatusCode.OK), ("mark-for-deletion", "[\"user9@example.com\"]", HttpStatusCode.BadRequest), ("unmark", "[3]", HttpStatusCode.OK),
            ("delete-permanently", "[7]", HttpStatusCode.OK), ("mark-for-deletion", "[9]", HttpStatusCode.InternalServerError),
        ];
        foreach (var (path, ids, status) in posts)
        {
            using var body = new StringContent($$"""{"user_ids":{{ids}}}""", Encoding.UTF8, "application/json");
            using var answer = await client.PostAsync(new Uri($"/api/v1/admin/users/{path}", UriKind.Relative), body, cancellation);
            // Without the trigger the last one is done.
            if (status != HttpStatusCode.InternalServerError) Assert.Equal(status, answer.StatusCode);
        }

        await client.GetAsync(new Uri($"/api/v1/admin/users?search={Uri.EscapeDataString(Search)}&limit=0", UriKind.Relative), cancellation);
        await client.GetAsync(new Uri($"/api/v1/nothing?search={Uri.EscapeDataString(Search)}", UriKind.Relative), cancellation);
        return token;
    }

    private static async Task CreateAdminAsync(string connectionString, Folder folder)
    {
        await File.WriteAllTextAsync(System.IO.Path.Combine(folder.Path, "expunge.yaml"), ZivoHealth.Deployment.Policy, TestContext.Current.CancellationToken);
        var created = await ExpungeProcess.RunAsync(["admin", "create", "admin", "--super"], Environment(connectionString), $"{Password}\n", folder.Path);
        Assert.True(created.ExitCode == 0, created.ToString());
    }

    private static Dictionary<string, string?> Environment(string connectionString) => new(StringComparer.Ordinal) { ["EXPUNGE_DATABASE"] = connectionString };

    private static async Task<HttpClient> ClientAsync(ExpungeProcess serve) => new() { BaseAddress = new Uri(UrlPattern().Match(await serve.UntilAsync("Ctrl-C stops it.")).Value) };

    [GeneratedRegex(@"http://127\.0\.0\.1:\d+", RegexOptions.None, 1000)]
    private static partial Regex UrlPattern();

    private sealed class Folder : IDisposable
    {
        public string Path { get; } = Directory.CreateTempSubdirectory("expunge-serve-").FullName;

        public void Dispose() => Directory.Delete(Path, recursive: true);
    }

    /// <summary>Takes what OTLP exporters send by HTTP, and keeps it as text: the strings of protobuf are in it as they are.</summary>
    private sealed class Collector : IDisposable
    {
        private readonly HttpListener _listener = new();
        private readonly StringBuilder _sent = new();

        public Collector()
        {
            using (var free = new System.Net.Sockets.TcpListener(IPAddress.Loopback, 0))
            {
                free.Start();
                Url = $"http://127.0.0.1:{((IPEndPoint)free.LocalEndpoint).Port}/";
            }

            _listener.Prefixes.Add(Url);
            _listener.Start();
            _ = ListenAsync();
        }

        public string Url { get; }

        public string Sent
        {
            get
            {
                lock (_sent) return $"{_sent}";
            }
        }

        private async Task ListenAsync()
        {
            try
            {
                while (true)
                {
                    var context = await _listener.GetContextAsync();
                    using var body = new MemoryStream();
                    await context.Request.InputStream.CopyToAsync(body);
                    lock (_sent) _sent.Append(Encoding.Latin1.GetString(body.ToArray()));
                    context.Response.Close();
                }
            }
            catch (Exception e) when (e is HttpListenerException or ObjectDisposedException)
            {
                // Disposed.
            }
        }

        public void Dispose() => _listener.Close();
    }
}
