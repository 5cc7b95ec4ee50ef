using System.Text.Json;
using Expunge.Testing;
using Npgsql;
using Xunit;

namespace Expunge.Cli.Tests;

/// <summary>Deletions of many users by the command line: from a file, killed and gone on with, shown and held.</summary>
public sealed class DeletionsTests
{
    private const int Users = 20_000;

    [Fact]
    public async Task A_deletion_that_is_killed_again_and_again_ends_with_every_user_gone_and_every_row_counted_once()
    {
        using var blog = await BlogDatabase.CreateAsync();
        await TestServer.ExecuteAsync(
            blog.ConnectionString,
            $"INSERT INTO users SELECT n, 'many' FROM generate_series(1000, {1000 + Users - 1}) n; INSERT INTO posts SELECT n, 1000 + n % {Users} FROM generate_series(100000, {100000 + (2 * Users) - 1}) n; CREATE INDEX ON posts (user_id); CREATE INDEX ON likes (user_id); ANALYZE;");
        Assert.Equal(0, (await blog.RunAsync("upgrade", "--yes")).ExitCode);
        var file = Path.Combine(blog.Policy.Folder, "ids.txt");
        await File.WriteAllLinesAsync(file, Enumerable.Range(1000, Users).Select(n => $"{n}"), TestContext.Current.CancellationToken);
        var random = new Random();
        var (kills, deleted) = (0, 0L);
        while (kills < 4)
        {
            using var run = ExpungeProcess.Start(["delete", "--from-file", file, "--yes", "--config", blog.Policy.Path, "--database", blog.ConnectionString]);
            var before = deleted;
            while (!run.HasExited && (deleted = await DeletedAsync(blog)) <= before) await Task.Delay(5, TestContext.Current.CancellationToken);
            await Task.Delay(random.Next(0, 50), TestContext.Current.CancellationToken);
            if (run.HasExited) break;
            run.Kill();
            await run.WaitAsync();
            kills++;
            // Wholly there or wholly gone, and the record says the same.
            Assert.Equal(Users - await DeletedAsync(blog), await CountAsync(blog, "users WHERE id >= 1000"));
        }

        Assert.InRange(kills, 1, 4);
        var last = await blog.RunAsync("delete", "--from-file", file, "--yes", "--json");

        Assert.True(last.ExitCode == 0, last.ToString());
        var document = JsonDocument.Parse(last.Output).RootElement;
        Assert.Equal(("completed", Users, 1), (document.GetProperty("state").GetString(), document.GetProperty("deleted").GetInt64(), document.GetProperty("deletion").GetInt64()));
        Assert.Equal([("posts", 2L * Users), ("users", Users)], document.GetProperty("lines").EnumerateArray().Select(l => (l.GetProperty("table").GetString()!, l.GetProperty("deleted").GetInt64())).Order());
        Assert.Equal((2, 3), (await CountAsync(blog, "users"), await CountAsync(blog, "posts")));
    }

    [Fact]
    public async Task What_is_no_key_or_nothing_or_ambiguous_is_said_and_nothing_is_deleted()
    {
        using var blog = await BlogDatabase.CreateAsync();
        Assert.Equal(0, (await blog.RunAsync("upgrade", "--yes")).ExitCode);
        var file = Path.Combine(blog.Policy.Folder, "ids.txt");
        await File.WriteAllTextAsync(file, "1\n\ntwo\n", TestContext.Current.CancellationToken);

        var bad = await blog.RunAsync("delete", "--from-file", file, "--yes");
        Assert.Equal(2, bad.ExitCode);
        Assert.Contains("Line 3: 'two' is no key of public.users: the key is integer.", bad.Error, StringComparison.Ordinal);
        Assert.Equal(2, (await blog.RunAsync("delete", "1", "--from-file", file, "--yes")).ExitCode);
        Assert.Equal(2, (await blog.RunAsync("delete", "--yes")).ExitCode);
        Assert.Equal(2, (await blog.RunAsync("delete", "--from-file", Path.Combine(blog.Policy.Folder, "nosuch.txt"), "--yes")).ExitCode);
        Assert.Equal(2, (await blog.RunAsync("delete", "--from-file", file, "--target-ms", "0", "--yes")).ExitCode);

        await File.WriteAllTextAsync(file, "\n", TestContext.Current.CancellationToken);
        Assert.Equal(0, (await blog.RunAsync("delete", "--from-file", file, "--yes")).ExitCode);
        await File.WriteAllTextAsync(file, "1\n", TestContext.Current.CancellationToken);
        var unasked = await blog.RunAsync("delete", "--from-file", file);
        Assert.Equal(2, unasked.ExitCode);
        Assert.Contains("Permanently delete 1 user(s)", unasked.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("cancelled", (await blog.RunAsync("deletions", "list")).Output, StringComparison.Ordinal);
        Assert.Equal(2, await CountAsync(blog, "users"));
    }

    [Fact]
    public async Task A_deletion_is_shown_held_and_gone_on_with_by_its_number()
    {
        using var blog = await BlogDatabase.CreateAsync("root: users\nreferences: { likes.user_id: { action: retain, reason: tax law } }\n");
        Assert.Equal(0, (await blog.RunAsync("upgrade", "--yes")).ExitCode);
        Assert.Contains("no deletion yet", (await blog.RunAsync("deletions", "list")).Output, StringComparison.Ordinal);
        var file = Path.Combine(blog.Policy.Folder, "ids.txt");
        await File.WriteAllTextAsync(file, "1\n2\n3\n", TestContext.Current.CancellationToken);

        var failed = await blog.RunAsync("delete", "--from-file", file, "--yes");
        Assert.Equal(1, failed.ExitCode);
        Assert.Contains("❌ user 1: Rows of likes refer to what is to be deleted and block it", failed.Output, StringComparison.Ordinal);
        Assert.Contains("tax law", failed.Output, StringComparison.Ordinal);
        Assert.Contains("expunge deletions retry 1", failed.Output, StringComparison.Ordinal);

        Assert.Equal(1, (await blog.RunAsync("deletions", "pause", "1")).ExitCode);
        await TestServer.ExecuteAsync(blog.ConnectionString, "DELETE FROM likes");
        var retried = await blog.RunAsync("deletions", "retry", "1", "--yes");
        Assert.Contains("Permanently deleted 2 user(s)", retried.Output, StringComparison.Ordinal);
        Assert.Contains("1 user(s) not found", retried.Output, StringComparison.Ordinal);
        Assert.Equal(1, (await blog.RunAsync("deletions", "show", "7")).ExitCode);
        Assert.Equal(0, await CountAsync(blog, "users"));
    }

    private static async Task<long> DeletedAsync(BlogDatabase blog) =>
        await CountAsync(blog, "pg_class WHERE oid = to_regclass('expunge.deletion_rows')") == 0 ? 0 : await CountAsync(blog, "expunge.deletion_subject WHERE state = 'deleted'");

    private static async Task<long> CountAsync(BlogDatabase blog, string from)
    {
        await using var connection = await TestServer.OpenAsync(blog.ConnectionString);
        await using var command = new NpgsqlCommand($"SELECT count(*) FROM {from}", connection);
        return (long)(await command.ExecuteScalarAsync(TestContext.Current.CancellationToken))!;
    }
}
