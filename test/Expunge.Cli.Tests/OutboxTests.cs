using System.Net;
using System.Text.Json;
using Expunge.Testing;
using Npgsql;
using Xunit;

namespace Expunge.Cli.Tests;

/// <summary>The outbox by the command line: delivered, killed, listed, retried, discarded.</summary>
public sealed class OutboxTests
{
    private const string Policy = "root: users\nexternal: posts.file\n";
    private const string Secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

    [Fact]
    public async Task What_a_deletion_left_in_the_outbox_is_said_and_delivered_to_a_file_and_listed_without_values()
    {
        using var blog = await CreateAsync(files: 2);
        var deleted = await blog.RunAsync("delete", "1", "--yes");
        Assert.Contains("📤 2 external value(s) wait in the outbox:  expunge outbox run", deleted.Output, StringComparison.Ordinal);
        var listed = await blog.RunAsync("outbox", "list");
        Assert.DoesNotContain("secret file", listed.ToString(), StringComparison.Ordinal);
        Assert.Equal((2L, 0), Counts(await blog.RunAsync("outbox", "list", "--json")));

        var run = await blog.RunAsync("outbox", "run", "--file", "events.jsonl");

        Assert.True(run.ExitCode == 0, run.ToString());
        Assert.Contains("✅ Delivered 2 event(s).", run.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("secret file", run.ToString(), StringComparison.Ordinal);
        Assert.Equal(["secret file 11", "secret file 12"], Values(await File.ReadAllLinesAsync(Path.Combine(blog.Policy.Folder, "events.jsonl"), TestContext.Current.CancellationToken)).Order());
        Assert.Equal(0, (await blog.RunAsync("outbox", "run", "--file", "events.jsonl")).ExitCode);
    }

    [Fact]
    public async Task What_fails_is_exit_code_1_until_it_is_delivered_or_discarded()
    {
        using var blog = await CreateAsync(files: 2);
        Assert.Equal(0, (await blog.RunAsync("delete", "1", "--yes")).ExitCode);

        var failed = await blog.RunAsync("outbox", "run", "--command", "false", "--max-attempts", "1");
        Assert.True(failed.ExitCode == 1, failed.ToString());
        Assert.Contains("❌ 2 event(s) are dead:  expunge outbox list", failed.Output, StringComparison.Ordinal);
        var listed = await blog.RunAsync("outbox", "list");
        Assert.Contains("public.posts.file", listed.Output, StringComparison.Ordinal);
        Assert.Contains("exit code 1", listed.Output, StringComparison.Ordinal);
        Assert.Equal(1, (await blog.RunAsync("outbox", "run", "--command", "true")).ExitCode);

        Assert.Equal(0, (await blog.RunAsync("outbox", "retry", "1")).ExitCode);
        Assert.Equal(1, (await RunAsync(blog, "--command", "test", "--", "-n", "x")).ExitCode);
        var unasked = await blog.RunAsync("outbox", "discard", "2");
        Assert.Equal(2, unasked.ExitCode);
        Assert.Contains("[EXP1105]", unasked.Error, StringComparison.Ordinal);
        var discarded = await blog.RunAsync("outbox", "discard", "2", "--yes", "--json");
        Assert.Equal(1, JsonDocument.Parse(discarded.Output).RootElement.GetProperty("discarded").GetInt32());
        Assert.Equal(1, (await blog.RunAsync("outbox", "retry", "2")).ExitCode);
        Assert.Equal(0, (await blog.RunAsync("outbox", "run", "--command", "true")).ExitCode);
        Assert.Equal(0, await CountAsync(blog, "value IS NOT NULL"));
    }

    [Fact]
    public async Task A_run_that_is_killed_again_and_again_while_it_writes_a_file_loses_nothing()
    {
        const int files = 3000;
        using var blog = await CreateAsync(files);
        Assert.Equal(0, (await blog.RunAsync("delete", "1", "--yes")).ExitCode);
        var file = Path.Combine(blog.Policy.Folder, "events.jsonl");

        for (var kills = 0; kills < 3; kills++)
        {
            var before = await CountAsync(blog, "state = 'delivered'");
            using var run = Start(blog, ["--file", file]);
            while (!run.HasExited && await CountAsync(blog, "state = 'delivered'") == before) await Task.Delay(1, TestContext.Current.CancellationToken);
            run.Kill();
            await run.WaitAsync();
        }

        await DeliverAllAsync(blog, "--file", file);
        var values = Values((await File.ReadAllLinesAsync(file, TestContext.Current.CancellationToken)).Where(IsWhole)).ToList();
        Assert.Equal(files, values.Distinct().Count());
    }

    [Fact]
    public async Task A_run_that_is_killed_in_the_middle_of_a_request_delivers_that_event_again_and_loses_nothing()
    {
        using var blog = await CreateAsync(files: 40);
        Assert.Equal(0, (await blog.RunAsync("delete", "1", "--yes")).ExitCode);
        var got = new List<(string Id, string Value)>();
        var hold = new SemaphoreSlim(0);
        using var listener = Listen(out var url);
        var serving = Task.Run(async () =>
        {
            while (listener.IsListening)
            {
                var context = await listener.GetContextAsync();
                using var reader = new StreamReader(context.Request.InputStream);
                var json = JsonDocument.Parse(await reader.ReadToEndAsync()).RootElement;
                int count;
                lock (got)
                {
                    got.Add((context.Request.Headers["webhook-id"]!, json.GetProperty("value").GetString()!));
                    count = got.Count;
                }

                // Those who ask for the 5th and the 12th don't live to hear the answer.
                if (count is 5 or 12) await hold.WaitAsync();
                try
                {
                    context.Response.Close();
                }
                catch (HttpListenerException)
                {
                }
            }
        });

        foreach (var n in new[] { 5, 12 })
        {
            using var run = Start(blog, ["--webhook", url]);
            while (true)
            {
                lock (got) if (got.Count == n) break;
                Assert.False(run.HasExited, run.HasExited ? $"{await run.WaitAsync()}" : "");
                await Task.Delay(5, TestContext.Current.CancellationToken);
            }

            run.Kill();
            await run.WaitAsync();
            hold.Release();
        }

        await DeliverAllAsync(blog, "--webhook", url);
        Assert.Equal(40, got.Select(g => g.Value).Distinct().Count());
        Assert.Equal(40, got.Select(g => g.Id).Distinct().Count());
        Assert.Equal(new[] { got[4].Id, got[11].Id }.Order(), got.CountBy(g => g.Id).Where(g => g.Value == 2).Select(g => g.Key).Order());
        listener.Close();
        await Assert.ThrowsAnyAsync<Exception>(() => serving);
    }

    [Fact]
    public async Task With_watch_it_delivers_what_comes_until_Ctrl_C()
    {
        using var blog = await CreateAsync(files: 2);
        var file = Path.Combine(blog.Policy.Folder, "events.jsonl");
        using var watch = Start(blog, ["--file", file, "--watch"]);
        await watch.UntilAsync("Ctrl-C stops it.");

        Assert.Equal(0, (await blog.RunAsync("delete", "1", "--yes")).ExitCode);
        await watch.UntilAsync("Delivered 2 event(s).");
        watch.Interrupt();
        var ended = await watch.WaitAsync();

        Assert.True(ended.ExitCode == 0, ended.ToString());
        Assert.Equal(2, (await File.ReadAllLinesAsync(file, TestContext.Current.CancellationToken)).Length);
    }

    [Fact]
    public async Task The_webhooks_secret_is_in_no_output_and_in_no_table()
    {
        using var blog = await CreateAsync(files: 1);
        Assert.Equal(0, (await blog.RunAsync("delete", "1", "--yes")).ExitCode);
        string[][] runs = [["--webhook", "http://127.0.0.1:1/"], ["--webhook", "http://127.0.0.1:1/", "--json", "--verbose"], ["--webhook", "nonsense", "--verbose"], ["--command", "/bin/sh", "--max-attempts", "2", "--", "-c", "env >&2; exit 1"]];
        foreach (var args in runs)
        {
            await TestServer.ExecuteAsync(blog.ConnectionString, "UPDATE expunge.outbox SET next_attempt_at = now()");
            Assert.DoesNotContain(Secret["whsec_".Length..], $"{await RunAsync(blog, args)}", StringComparison.Ordinal);
        }

        await using var connection = await TestServer.OpenAsync(blog.ConnectionString);
        await using var command = new NpgsqlCommand("SELECT string_agg(o::text, ' ') FROM expunge.outbox o", connection);
        Assert.DoesNotContain(Secret["whsec_".Length..], (string)(await command.ExecuteScalarAsync(TestContext.Current.CancellationToken))!, StringComparison.Ordinal);
        var wrong = await ExpungeProcess.RunAsync(["outbox", "run", "--webhook", "http://127.0.0.1:1/", "--database", blog.ConnectionString, "--verbose"], new Dictionary<string, string?> { ["EXPUNGE_WEBHOOK_SECRET"] = "hunter2" });
        Assert.Equal(2, wrong.ExitCode);
        Assert.Contains("[EXP1504]", wrong.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("hunter2", wrong.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData]
    [InlineData("--file", "f", "--webhook", "https://host/")]
    [InlineData("--file", "f", "--", "-x")]
    [InlineData("--file", "f", "--max-attempts", "0")]
    [InlineData("--file", "f", "--timeout", "0")]
    [InlineData("--webhook", "https://host/")]
    [InlineData("--command", "/no/such/program")]
    public async Task What_makes_no_sense_is_exit_code_2_and_costs_no_attempt(params string[] args)
    {
        using var blog = await CreateAsync(files: 1);
        Assert.Equal(0, (await blog.RunAsync("delete", "1", "--yes")).ExitCode);

        var result = await blog.RunAsync(["outbox", "run", .. args]);

        Assert.True(result.ExitCode == 2, result.ToString());
        Assert.Equal(1, await CountAsync(blog, "state = 'pending' AND attempts = 0"));
    }

    [Fact]
    public async Task Without_an_outbox_there_is_nothing_to_deliver()
    {
        using var blog = await BlogDatabase.CreateAsync();
        var before = await blog.StateAsync();

        Assert.Equal(0, (await blog.RunAsync("outbox", "list")).ExitCode);
        Assert.Contains("Nothing to deliver.", (await blog.RunAsync("outbox", "run", "--command", "true")).Output, StringComparison.Ordinal);
        Assert.Equal(0, (await blog.RunAsync("outbox", "retry")).ExitCode);
        Assert.Equal(1, (await blog.RunAsync("outbox", "retry", "1")).ExitCode);
        Assert.Equal(before, await blog.StateAsync());
    }

    /// <summary>User 1 has that many posts, each with a file.</summary>
    private static async Task<BlogDatabase> CreateAsync(int files)
    {
        var blog = await BlogDatabase.CreateAsync(Policy);
        await TestServer.ExecuteAsync(blog.ConnectionString, $"ALTER TABLE posts ADD file text; DELETE FROM posts; INSERT INTO posts SELECT 10 + n, 1, 'secret file ' || 10 + n FROM generate_series(1, {files}) n; CREATE INDEX ON posts (user_id); CREATE INDEX ON likes (user_id)");
        Assert.Equal(0, (await blog.RunAsync("upgrade", "--yes")).ExitCode);
        return blog;
    }

    private static Dictionary<string, string?> Environment => new(StringComparer.Ordinal) { ["EXPUNGE_WEBHOOK_SECRET"] = Secret };

    private static ExpungeProcess Start(BlogDatabase blog, string[] args) => ExpungeProcess.Start(["outbox", "run", "--database", blog.ConnectionString, .. args], Environment, directory: blog.Policy.Folder);

    private static Task<ExpungeProcess.Result> RunAsync(BlogDatabase blog, params string[] args) => ExpungeProcess.RunAsync(["outbox", "run", "--database", blog.ConnectionString, .. args], Environment, directory: blog.Policy.Folder);

    /// <summary>After a kill the server notices at once, or within a second, that nobody has the events in hand any more.</summary>
    private static async Task DeliverAllAsync(BlogDatabase blog, params string[] args)
    {
        ExpungeProcess.Result last;
        do last = await RunAsync(blog, args);
        while (last.ExitCode == 1 && !last.Output.Contains("dead", StringComparison.Ordinal));
        Assert.True(last.ExitCode == 0, last.ToString());
    }

    private static HttpListener Listen(out string url)
    {
        for (var port = Random.Shared.Next(20_000, 30_000); ; port++)
        {
            var listener = new HttpListener();
            listener.Prefixes.Add(url = $"http://127.0.0.1:{port}/");
            try
            {
                listener.Start();
                return listener;
            }
            catch (HttpListenerException)
            {
                listener.Close();
            }
        }
    }

    private static bool IsWhole(string line)
    {
        try
        {
            return JsonDocument.Parse(line) is not null;
        }
        catch (JsonException)
        {
            return false;
        }
    }

    private static IEnumerable<string> Values(IEnumerable<string> lines) => lines.Select(l => JsonDocument.Parse(l).RootElement.GetProperty("value").GetString()!);

    private static (long Pending, int Dead) Counts(ExpungeProcess.Result listed) =>
        JsonDocument.Parse(listed.Output).RootElement is var json ? (json.GetProperty("counts").GetProperty("pending").GetInt64(), json.GetProperty("dead").GetArrayLength()) : default;

    private static async Task<long> CountAsync(BlogDatabase blog, string condition)
    {
        await using var connection = await TestServer.OpenAsync(blog.ConnectionString);
        await using var command = new NpgsqlCommand($"SELECT count(*) FROM expunge.outbox WHERE {condition}", connection);
        return (long)(await command.ExecuteScalarAsync(TestContext.Current.CancellationToken))!;
    }
}
