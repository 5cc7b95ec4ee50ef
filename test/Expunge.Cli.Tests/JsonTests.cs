using System.Text.Json;
using Xunit;

namespace Expunge.Cli.Tests;

public sealed class JsonTests
{
    [Fact]
    public async Task With_json_every_command_prints_one_document_and_nothing_else()
    {
        using var blog = await BlogDatabase.CreateAsync();
        Assert.Equal("other.yaml", (await JsonAsync(blog, 0, "init", "--root", "users", "--config", "other.yaml")).GetProperty("file").GetString());
        Assert.Equal(6, (await JsonAsync(blog, 0, "plan")).GetProperty("steps").GetArrayLength());
        Assert.Equal(JsonValueKind.Null, (await JsonAsync(blog, 0, "current")).GetProperty("current").ValueKind);
        Assert.Equal("EXP1105", (await JsonAsync(blog, 2, "upgrade")).GetProperty("error").GetProperty("code").GetString());
        Assert.False((await JsonAsync(blog, 1, "verify")).GetProperty("ok").GetBoolean());

        var upgraded = await JsonAsync(blog, 0, "upgrade", "--yes");
        Assert.Equal("applied", upgraded.GetProperty("state").GetString());
        Assert.Equal(["fixed", "fixed"], upgraded.GetProperty("tables").EnumerateArray().Select(t => t.GetProperty("status").GetString()));
        Assert.Equal("applied", (await JsonAsync(blog, 0, "current")).GetProperty("current").GetProperty("state").GetString());
        Assert.Equal(1, (await JsonAsync(blog, 0, "history")).GetProperty("revisions").GetArrayLength());
        Assert.True((await JsonAsync(blog, 0, "verify")).GetProperty("ok").GetBoolean());

        Assert.Equal(4, (await JsonAsync(blog, 0, "delete", "1", "--dry-run")).GetProperty("totalDeleted").GetInt64());
        var deleted = await JsonAsync(blog, 1, "delete", "1", "4711", "--yes");
        Assert.Equal(1, deleted.GetProperty("deleted").GetInt32());
        Assert.Equal(["4711"], deleted.GetProperty("notFound").EnumerateArray().Select(i => i.GetString()));
        Assert.Equal(4, deleted.GetProperty("lines").EnumerateArray().Sum(l => l.GetProperty("deleted").GetInt64()));

        var key = await JsonAsync(blog, 0, "keys", "create", "key.pem");
        Assert.EndsWith("key.pub.pem", key.GetProperty("publicKeyPath").GetString(), StringComparison.Ordinal);
        await File.WriteAllTextAsync(Path.Combine(blog.Policy.Folder, "ids.txt"), "2\n", TestContext.Current.CancellationToken);
        var many = await JsonAsync(blog, 0, "delete", "--from-file", "ids.txt", "--yes", "--signing-key", "key.pem");
        Assert.Equal((true, key.GetProperty("keyId").GetString()), (many.GetProperty("receipt").GetProperty("signed").GetBoolean(), many.GetProperty("receipt").GetProperty("keyId").GetString()));
        Assert.Equal("completed", (await JsonAsync(blog, 0, "receipt", "show", "1")).GetProperty("state").GetString());

        Assert.Equal("reverted", (await JsonAsync(blog, 0, "downgrade", "base", "--yes")).GetProperty("reverted")[0].GetProperty("state").GetString());
        Assert.Equal("reverted", (await JsonAsync(blog, 0, "history")).GetProperty("revisions")[0].GetProperty("state").GetString());
    }

    private static async Task<JsonElement> JsonAsync(BlogDatabase blog, int exitCode, params string[] args)
    {
        var result = await blog.RunAsync([.. args, "--json"]);
        Assert.True(result.ExitCode == exitCode, $"{string.Join(' ', args)}: {result}");
        using var document = JsonDocument.Parse(result.Output);
        return document.RootElement.Clone();
    }
}
