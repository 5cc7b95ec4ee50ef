using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Expunge.Outbox;
using Xunit;

namespace Expunge.Tests.Outbox;

/// <summary>Events are delivered at least once, by any receiver, and what can't be delivered is kept until somebody decides.</summary>
public sealed class OutboxDeliveryTests : IDisposable
{
    private const string Key = "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwMfKQ9r8GKYqr";

    private readonly string _folder = Directory.CreateTempSubdirectory("expunge_outbox_").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task A_webhook_gets_each_event_signed_so_that_the_receiver_can_verify_it_and_the_value_is_erased_afterwards()
    {
        await using var database = await CreateAsync();
        using var endpoint = new HttpEndpoint();
        using var webhook = new WebhookReceiver(endpoint.Url, WebhookSecret.Parse($"whsec_{Key}"));

        var run = await OutboxRunner.RunAsync(database.Test.Database, webhook, new OutboxOptions(), TestContext.Current.CancellationToken);

        Assert.Equal(new OutboxRun(2, 0, 0), run);
        Assert.Equal(["über \"110\"\n", "über \"120\"\n"], endpoint.Requests.Select(r => Json(r.Body).GetProperty("value").GetString()!).Order());
        foreach (var request in endpoint.Requests)
        {
            // https://www.standardwebhooks.com: base64(hmac-sha256(key, id.timestamp.body))
            var (id, time) = (request.Headers["webhook-id"], request.Headers["webhook-timestamp"]);
            var signature = HMACSHA256.HashData(Convert.FromBase64String(Key), Encoding.UTF8.GetBytes($"{id}.{time}.{Encoding.UTF8.GetString(request.Body)}"));
            Assert.Equal($"v1,{Convert.ToBase64String(signature)}", request.Headers["webhook-signature"]);
            Assert.InRange(DateTimeOffset.UtcNow.ToUnixTimeSeconds() - long.Parse(time), -5, 600);
            Assert.Equal(("POST", "application/json", id), (request.Method, request.ContentType, request.Headers["Idempotency-Key"]));
            var json = Json(request.Body);
            Assert.Equal((id, "external.deleted", "public.comments", "text", JsonValueKind.Null), (json.GetProperty("id").GetString(), json.GetProperty("type").GetString(), json.GetProperty("table").GetString(), json.GetProperty("column").GetString(), json.GetProperty("deletion").ValueKind));
        }

        Assert.Equal(2, await database.Test.ScalarAsync<long>("SELECT count(*) FROM expunge.outbox WHERE state = 'delivered' AND value IS NULL AND delivered_at IS NOT NULL AND attempts = 1"));
        Assert.Equal(new OutboxRun(0, 0, 0), await OutboxRunner.RunAsync(database.Test.Database, webhook, new OutboxOptions(), TestContext.Current.CancellationToken));
    }

    [Theory]
    [InlineData(500, "HTTP 500")]
    [InlineData(302, "HTTP 302")]
    [InlineData(404, "HTTP 404")]
    public async Task What_a_webhook_does_not_take_is_tried_again_later_with_the_same_id_and_dead_after_the_last_attempt_until_somebody_retries_it(int status, string error)
    {
        await using var database = await CreateAsync();
        using var endpoint = new HttpEndpoint { Answer = (_, r) => { r.StatusCode = status; r.Headers["Location"] = "http://127.0.0.1:1/elsewhere"; return Task.CompletedTask; } };
        using var webhook = new WebhookReceiver(endpoint.Url, WebhookSecret.Parse(Key));
        var options = new OutboxOptions { MaxAttempts = 3 };

        Assert.Equal(new OutboxRun(0, 2, 0), await OutboxRunner.RunAsync(database.Test.Database, webhook, options, TestContext.Current.CancellationToken));
        Assert.Equal(2, await database.Test.ScalarAsync<long>("SELECT count(*) FROM expunge.outbox WHERE state = 'pending' AND attempts = 1 AND next_attempt_at > now() AND last_error = $1 AND value IS NOT NULL", error));
        Assert.Equal(new OutboxRun(0, 0, 0), await OutboxRunner.RunAsync(database.Test.Database, webhook, options, TestContext.Current.CancellationToken));
        await MakeDueAsync(database);
        Assert.Equal(new OutboxRun(0, 2, 0), await OutboxRunner.RunAsync(database.Test.Database, webhook, options, TestContext.Current.CancellationToken));
        await MakeDueAsync(database);
        Assert.Equal(new OutboxRun(0, 0, 2), await OutboxRunner.RunAsync(database.Test.Database, webhook, options, TestContext.Current.CancellationToken));
        await MakeDueAsync(database);
        Assert.Equal(new OutboxRun(0, 0, 0), await OutboxRunner.RunAsync(database.Test.Database, webhook, options, TestContext.Current.CancellationToken));

        Assert.Equal(2, endpoint.Requests.Select(r => r.Headers["webhook-id"]).Distinct().Count());
        Assert.Equal(6, endpoint.Requests.Count);
        var dead = await OutboxEvents.DeadAsync(database.Test.Database, cancellation: TestContext.Current.CancellationToken);
        Assert.Equal([(3, error), (3, error)], dead.Select(d => (d.Attempts, d.LastError)));
        endpoint.Answer = (_, _) => Task.CompletedTask;
        Assert.Equal(1, await OutboxEvents.RetryAsync(database.Test.Database, [dead[0].Id], TestContext.Current.CancellationToken));
        Assert.Equal(new OutboxRun(1, 0, 0), await OutboxRunner.RunAsync(database.Test.Database, webhook, options, TestContext.Current.CancellationToken));
        Assert.Equal(1, await OutboxEvents.RetryAsync(database.Test.Database, [], TestContext.Current.CancellationToken));
        Assert.Equal(new OutboxRun(1, 0, 0), await OutboxRunner.RunAsync(database.Test.Database, webhook, options, TestContext.Current.CancellationToken));
        Assert.Equal(new OutboxCounts(0, 2, 0, 0, null), await OutboxEvents.CountAsync(database.Test.Database, TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task A_receiver_that_does_not_answer_in_time_or_at_all_has_failed()
    {
        await using var database = await CreateAsync();
        var never = new TaskCompletionSource();
        using var endpoint = new HttpEndpoint { Answer = (_, _) => never.Task };
        using var silent = new WebhookReceiver(endpoint.Url, WebhookSecret.Parse(Key));
        using var nobody = new WebhookReceiver("http://127.0.0.1:1/", WebhookSecret.Parse(Key));

        await OutboxRunner.RunAsync(database.Test.Database, silent, new OutboxOptions { Timeout = TimeSpan.FromSeconds(0.5) }, TestContext.Current.CancellationToken);
        Assert.Equal(["no answer within 0.5 s"], await database.ListAsync("SELECT DISTINCT last_error FROM expunge.outbox"));
        await MakeDueAsync(database);
        await OutboxRunner.RunAsync(database.Test.Database, nobody, new OutboxOptions(), TestContext.Current.CancellationToken);
        Assert.StartsWith("ConnectionError: Connection refused", Assert.Single(await database.ListAsync("SELECT DISTINCT last_error FROM expunge.outbox")), StringComparison.Ordinal);
        never.SetResult();
    }

    [Fact]
    public async Task A_program_gets_the_event_on_its_input_and_its_arguments_as_they_are_and_not_the_webhooks_secret()
    {
        await using var database = await CreateAsync();
        var script = Script("cat >> \"$1\"; echo \"$2 ${EXPUNGE_WEBHOOK_SECRET:-none}\" >> \"$1\"");
        var got = Path.Combine(_folder, "got it");
        Environment.SetEnvironmentVariable(WebhookSecret.Variable, Key);

        var run = await OutboxRunner.RunAsync(database.Test.Database, new CommandReceiver(script, [got, "$(id); \"*\""]), new OutboxOptions(), TestContext.Current.CancellationToken);

        Environment.SetEnvironmentVariable(WebhookSecret.Variable, null);
        Assert.Equal(new OutboxRun(2, 0, 0), run);
        var lines = await File.ReadAllLinesAsync(got, TestContext.Current.CancellationToken);
        Assert.Equal(["$(id); \"*\" none", "$(id); \"*\" none"], [lines[1], lines[3]]);
        Assert.Equal(["über \"110\"\n", "über \"120\"\n"], new[] { lines[0], lines[2] }.Select(l => Json(Encoding.UTF8.GetBytes(l)).GetProperty("value").GetString()!).Order());
    }

    [Fact]
    public async Task Of_a_program_that_fails_the_exit_code_and_the_beginning_of_its_complaint_are_kept_without_the_value()
    {
        await using var database = await CreateAsync("UPDATE comments SET text = '/secret/path'");
        var script = Script("cat >&2; printf '\\033[31m/secret/path\\n' >&2; for i in 1 2 3 4 5 6 7 8 9; do echo \"a line that is rather long and says nothing new at all\" >&2; done; exit 7");

        await OutboxRunner.RunAsync(database.Test.Database, new CommandReceiver(script, []), new OutboxOptions(), TestContext.Current.CancellationToken);

        var error = (await database.ListAsync("SELECT last_error FROM expunge.outbox"))[0];
        Assert.StartsWith("exit code 7: {\"id\":\"", error, StringComparison.Ordinal);
        Assert.Contains(" [31m[value] a line", error, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", error, StringComparison.Ordinal);
        Assert.InRange(error.Length, 250, 301);
    }

    [Fact]
    public async Task A_program_that_hangs_is_ended_with_all_that_it_started_and_one_that_leaves_something_running_is_not_waited_for()
    {
        await using var database = await CreateAsync();
        var pids = Path.Combine(_folder, "pids");

        await OutboxRunner.RunAsync(database.Test.Database, new CommandReceiver(Script($"sleep 300 & echo $! >> {pids}; wait"), []), new OutboxOptions { Timeout = TimeSpan.FromSeconds(1) }, TestContext.Current.CancellationToken);
        Assert.Equal(["no answer within 1 s"], await database.ListAsync("SELECT DISTINCT last_error FROM expunge.outbox"));
        foreach (var pid in await File.ReadAllLinesAsync(pids, TestContext.Current.CancellationToken)) await Eventually.TrueAsync(() => !Directory.Exists($"/proc/{pid}") || File.ReadAllText($"/proc/{pid}/stat").Contains(" Z ", StringComparison.Ordinal), "what it started has ended");
        await MakeDueAsync(database);

        Assert.Equal(new OutboxRun(2, 0, 0), await OutboxRunner.RunAsync(database.Test.Database, new CommandReceiver(Script("sleep 20 & exit 0"), []), new OutboxOptions { Timeout = TimeSpan.FromSeconds(15) }, TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task A_program_or_file_or_address_or_secret_that_can_not_be_used_costs_no_attempt()
    {
        await using var database = await CreateAsync();
        foreach (var receiver in new IOutboxReceiver[] { new CommandReceiver(Path.Combine(_folder, "none"), []), new FileReceiver(Path.Combine(_folder, "none", "file")), new FileReceiver(_folder) })
        {
            Assert.Equal(ErrorCodes.ReceiverUnusable, (await Assert.ThrowsAsync<ExpungeException>(() => OutboxRunner.RunAsync(database.Test.Database, receiver, new OutboxOptions()))).Code);
        }

        Assert.Equal(2, await database.Test.ScalarAsync<long>("SELECT count(*) FROM expunge.outbox WHERE state = 'pending' AND attempts = 0"));
        foreach (var url in new[] { "", "host/path", "ftp://host/", "file:///etc/passwd", "https://user:pw@host/" }) Assert.Equal(ErrorCodes.ReceiverUnusable, Assert.Throws<ExpungeException>(() => new WebhookReceiver(url, WebhookSecret.Parse(Key))).Code);
        foreach (var secret in new[] { null, "", "whsec_", "hunter2", "whsec_c2hvcnQ=", $"whsec_{Key}!" })
        {
            var refused = Assert.Throws<ExpungeException>(() => WebhookSecret.Parse(secret));
            Assert.Equal(ErrorCodes.ReceiverUnusable, refused.Code);
            Assert.DoesNotContain("hunter2", refused.ToString(), StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task A_file_gets_whole_lines_also_after_a_line_that_a_crash_cut_off_and_only_its_owner_can_read_it()
    {
        await using var database = await CreateAsync("INSERT INTO comments SELECT n, 11, 'many ' || n FROM generate_series(1000, 2199) n");
        var file = Path.Combine(_folder, "events.jsonl");

        Assert.Equal(new OutboxRun(1202, 0, 0), await OutboxRunner.RunAsync(database.Test.Database, new FileReceiver(file), new OutboxOptions(), TestContext.Current.CancellationToken));
        var lines = await File.ReadAllLinesAsync(file, TestContext.Current.CancellationToken);
        Assert.Equal(1202, lines.Select(l => Json(Encoding.UTF8.GetBytes(l)).GetProperty("id").GetString()).Distinct().Count());
        if (!OperatingSystem.IsWindows()) Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(file));

        await File.AppendAllTextAsync(file, "{\"id\":\"cut", TestContext.Current.CancellationToken);
        await database.DeleteAsync("2");
        await OutboxRunner.RunAsync(database.Test.Database, new FileReceiver(file), new OutboxOptions(), TestContext.Current.CancellationToken);
        lines = await File.ReadAllLinesAsync(file, TestContext.Current.CancellationToken);
        Assert.Equal((1205, "{\"id\":\"cut"), (lines.Length, lines[1202]));
        Assert.Equal("text", Json(Encoding.UTF8.GetBytes(lines[1204])).GetProperty("value").GetString());
    }

    [Fact]
    public async Task Several_runners_at_once_deliver_every_event_once_and_never_the_same_at_the_same_time()
    {
        await using var database = await CreateAsync("INSERT INTO comments SELECT n, 11, 'many ' || n FROM generate_series(1000, 1097) n");
        var (inHand, twice) = (new ConcurrentDictionary<string, bool>(StringComparer.Ordinal), 0);
        using var endpoint = new HttpEndpoint();
        endpoint.Answer = async (request, _) =>
        {
            var id = request.Headers["webhook-id"];
            if (!inHand.TryAdd(id, true)) Interlocked.Increment(ref twice);
            await Task.Yield();
            inHand.TryRemove(id, out var _);
        };
        using var webhook = new WebhookReceiver(endpoint.Url, WebhookSecret.Parse(Key));

        var runs = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => OutboxRunner.RunAsync(database.Test.Database, webhook, new OutboxOptions())));

        Assert.Equal((100, 0L, 0), (runs.Sum(r => r.Delivered), runs.Sum(r => r.Failed), twice));
        Assert.Equal((100, 100), (endpoint.Requests.Count, endpoint.Requests.Select(r => r.Headers["webhook-id"]).Distinct().Count()));
    }

    [Fact]
    public async Task Several_runners_that_write_the_same_file_lose_no_line()
    {
        await using var database = await CreateAsync("INSERT INTO comments SELECT n, 11, 'many ' || n FROM generate_series(1000, 4997) n");
        var file = Path.Combine(_folder, "events.jsonl");

        var runs = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => OutboxRunner.RunAsync(database.Test.Database, new FileReceiver(file), new OutboxOptions())));

        Assert.Equal(4000, runs.Sum(r => r.Delivered));
        Assert.Equal(4000, (await File.ReadAllLinesAsync(file, TestContext.Current.CancellationToken)).Select(l => Json(Encoding.UTF8.GetBytes(l)).GetProperty("id").GetString()).Distinct().Count());
    }

    [Fact]
    public async Task Discarded_events_lose_their_value_and_are_never_delivered_and_only_undelivered_ones_can_be()
    {
        await using var database = await CreateAsync();
        var ids = await database.Test.ScalarAsync<long[]>("SELECT array_agg(id ORDER BY id) FROM expunge.outbox");

        var refused = await Assert.ThrowsAsync<ExpungeException>(() => OutboxEvents.DiscardAsync(database.Test.Database, [ids[0], 4711]));
        Assert.Equal(ErrorCodes.OutboxEventState, refused.Code);
        Assert.Contains("4711", refused.Message, StringComparison.Ordinal);
        Assert.Equal(1, await OutboxEvents.DiscardAsync(database.Test.Database, [ids[0], ids[0]], TestContext.Current.CancellationToken));
        Assert.Equal(new OutboxRun(1, 0, 0), await OutboxRunner.RunAsync(database.Test.Database, new FileReceiver(Path.Combine(_folder, "f")), new OutboxOptions(), TestContext.Current.CancellationToken));

        Assert.Equal(new OutboxCounts(0, 1, 0, 1, null), await OutboxEvents.CountAsync(database.Test.Database, TestContext.Current.CancellationToken));
        Assert.Equal(0, await database.Test.ScalarAsync<long>("SELECT count(*) FROM expunge.outbox WHERE value IS NOT NULL"));
        foreach (var id in ids) Assert.Equal(ErrorCodes.OutboxEventState, (await Assert.ThrowsAsync<ExpungeException>(() => OutboxEvents.DiscardAsync(database.Test.Database, [id]))).Code);
        Assert.Equal(ErrorCodes.OutboxEventState, (await Assert.ThrowsAsync<ExpungeException>(() => OutboxEvents.RetryAsync(database.Test.Database, [ids[1]]))).Code);
    }

    /// <summary>User 1 is deleted, two values wait.</summary>
    private static async Task<OutboxDatabase> CreateAsync(string schema = "UPDATE comments SET text = E'über \"' || id || E'\"\\n' WHERE id < 200")
    {
        var database = await OutboxDatabase.CreateAsync("comments.text", schema);
        await database.DeleteAsync("1");
        return database;
    }

    private static Task MakeDueAsync(OutboxDatabase database) => database.Test.ExecuteAsync("UPDATE expunge.outbox SET next_attempt_at = now()");

    private string Script(string lines)
    {
        var path = Path.Combine(_folder, $"{Guid.NewGuid():N}.sh");
        File.WriteAllText(path, $"#!/bin/sh\n{lines}\n");
        if (!OperatingSystem.IsWindows()) File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        return path;
    }

    private static JsonElement Json(byte[] text) => JsonDocument.Parse(text).RootElement;
}
