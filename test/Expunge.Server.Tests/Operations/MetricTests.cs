using System.Globalization;
using System.Net;
using System.Text.RegularExpressions;
using Expunge.Server.Tests.Api;
using Expunge.Testing;
using Xunit;

namespace Expunge.Server.Tests.Operations;

public sealed class MetricTests
{
    [Fact(Timeout = 60_000)]
    public async Task A_deletion_is_in_the_metrics_with_its_rows_by_table_and_its_time()
    {
        var connectionString = await TestServer.EmptyAsync();
        // Tables of its own: what is measured is the process's, and other tests run in it.
        await TestServer.ExecuteAsync(connectionString, """
            CREATE TABLE metered (id int PRIMARY KEY, email text);
            CREATE TABLE metered_note (id int PRIMARY KEY, metered_id int REFERENCES metered ON DELETE CASCADE);
            CREATE INDEX ON metered_note (metered_id);
            INSERT INTO metered SELECT i, 'secret' || i || '@example.com' FROM generate_series(1, 5) i;
            INSERT INTO metered_note SELECT i, 1 + i % 2 FROM generate_series(1, 20) i;
            """);
        await using var server = await (await RunningServer.StartAsync(connectionString, "root: metered\ncolumns:\n  search: [email]\n")).SignInAsync();

        await (await server.Client.SendAsync(Json.DeletePermanently, """{"user_ids":[1,4711]}""")).BodyAsync();
        await server.Client.GetJsonAsync($"{Json.Users}?search=secret2");
        using var anonymous = server.Anonymous();
        var metrics = await anonymous.GetStringAsync(new Uri("/metrics", UriKind.Relative), TestContext.Current.CancellationToken);

        Assert.Equal(1, Value(metrics, "expunge_deletion_rows_total", "action=\"deleted\"", "table=\"metered\""));
        Assert.Equal(10, Value(metrics, "expunge_deletion_rows_total", "action=\"deleted\"", "table=\"metered_note\""));
        Assert.True(Value(metrics, "expunge_deletions_total", "outcome=\"completed\"") >= 1, metrics);
        Assert.True(Value(metrics, "expunge_deletion_subjects_total", "outcome=\"deleted\"") >= 1, metrics);
        Assert.True(Value(metrics, "expunge_deletion_subjects_total", "outcome=\"not found\"") >= 1, metrics);
        Assert.True(Value(metrics, "expunge_deletion_batch_duration_seconds_count", "outcome=\"committed\"") >= 1, metrics);
        Assert.True(Value(metrics, "expunge_deletion_lock_duration_seconds_count") >= 1, metrics);
        Assert.True(Value(metrics, "http_server_request_duration_seconds_count", "http_route=\"/api/v1/admin/users/delete-permanently\"", "http_response_status_code=\"200\"") >= 1, metrics);
        Assert.Contains("pool_name=\"expunge\"", metrics, StringComparison.Ordinal);
        // The key of nobody, which a port can have by chance.
        Assert.DoesNotMatch("(?<![0-9])4711(?![0-9])", metrics);
        foreach (var personal in (string[])["secret", "@example.com"]) Assert.DoesNotContain(personal, metrics, StringComparison.OrdinalIgnoreCase);
    }

    [Fact(Timeout = 60_000)]
    public async Task A_deletion_that_is_blocked_is_counted_as_failed()
    {
        var connectionString = await TestServer.EmptyAsync();
        await TestServer.ExecuteAsync(connectionString, """
            CREATE TABLE person (id int PRIMARY KEY); CREATE TABLE invoice (id int PRIMARY KEY, person_id int REFERENCES person);
            CREATE INDEX ON invoice (person_id); INSERT INTO person VALUES (1); INSERT INTO invoice VALUES (1, 1);
            """);
        await using var server = await (await RunningServer.StartAsync(connectionString, "root: person\nreferences:\n  invoice.person_id: { action: retain, reason: tax law }\n")).SignInAsync();
        var before = Value(await MetricsAsync(server), "expunge_deletions_total", "outcome=\"failed\"");

        await server.Client.SendAsync(Json.DeletePermanently, """{"user_ids":[1]}""").ProblemAsync(HttpStatusCode.Conflict);

        // What was scraped is given again for a moment.
        while (Value(await MetricsAsync(server), "expunge_deletions_total", "outcome=\"failed\"") <= before) await Task.Delay(100, TestContext.Current.CancellationToken);
    }

    [Fact(Timeout = 60_000)]
    public async Task Without_metrics_there_is_no_such_address()
    {
        await using var server = await RunningServer.ZivoHealthAsync(new ServerOptions { Metrics = false });
        using var response = await server.Client.GetAsync(new Uri("/metrics", UriKind.Relative), TestContext.Current.CancellationToken);

        Assert.Equal(HttpStatusCode.NotFound, response.StatusCode);
    }

    private static Task<string> MetricsAsync(RunningServer server) => server.Client.GetStringAsync(new Uri("/metrics", UriKind.Relative), TestContext.Current.CancellationToken);

    /// <summary>The sum of the series of that name with those labels.</summary>
    private static double Value(string metrics, string name, params string[] labels) => metrics.Split('\n')
        .Where(l => Regex.IsMatch(l, $"^{name}[{{ ]", RegexOptions.None, TimeSpan.FromSeconds(1)) && labels.All(b => l.Contains(b, StringComparison.Ordinal)))
        .Sum(l => double.Parse(l[(l.LastIndexOf('}') + 1)..].TrimStart().Split(' ')[l.Contains('}', StringComparison.Ordinal) ? 0 : 1], CultureInfo.InvariantCulture));
}
