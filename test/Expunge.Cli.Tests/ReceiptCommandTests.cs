using System.Text.Json;
using Xunit;

namespace Expunge.Cli.Tests;

/// <summary>Signing keys and receipts by the command line.</summary>
public sealed class ReceiptCommandTests
{
    private static readonly CancellationToken Cancellation = TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_key_is_made_a_deletion_is_signed_with_it_and_the_receipt_is_verified_without_a_database()
    {
        using var blog = await UpgradedAsync("1\n2\n424242\n");
        var created = await RunAsync(blog, "keys", "create");
        Assert.True(created.ExitCode == 0, created.ToString());
        var path = Path.Combine(blog.Policy.Folder, "config", "expunge", "signing-key.pem");
        var secret = (await File.ReadAllLinesAsync(path, Cancellation))[1];
        Assert.Contains($"✅ Signing key {path}\n", created.Output, StringComparison.Ordinal);
        Assert.Contains("out of the database and of version control", created.Output, StringComparison.Ordinal);
        Assert.Equal(2, (await RunAsync(blog, "keys", "create")).ExitCode);

        var deleted = await RunAsync(blog, "delete", "--from-file", "ids.txt", "--yes");
        Assert.Matches("🧾 The receipt is signed by key [0-9a-f]{12}:  expunge receipt show 1\n$", deleted.Output);
        var receipt = await ShowAsync(blog);
        Assert.False(receipt.EndsWith('\n'));

        var own = await VerifyAsync(blog, "--subject", "2");
        Assert.True(own.ExitCode == 0, own.ToString());
        Assert.Matches("^✅ Unchanged since it was signed by key [0-9a-f]{64}, your own.\n   Deletion 1 in database .*, completed: 2 row\\(s\\) of public.users deleted .*\n✅ This user is in it: deleted ", own.Output);
        Assert.Contains("not found", (await VerifyAsync(blog, "--subject", "424242")).Output, StringComparison.Ordinal);
        var stranger = await VerifyAsync(blog, "--subject", "02");
        Assert.Equal(1, stranger.ExitCode);
        Assert.Contains("❌ This user is not in it", stranger.Output, StringComparison.Ordinal);
        var document = JsonDocument.Parse((await VerifyAsync(blog, "--subject", "1", "--json")).Output).RootElement;
        Assert.Equal((true, "valid", "own", "deleted"), (document.GetProperty("valid").GetBoolean(), document.GetProperty("verdict").GetString(), document.GetProperty("comparedWith").GetString(), document.GetProperty("subject").GetProperty("outcome").GetString()));

        Assert.All(new[] { created, deleted, own, stranger }, r => Assert.DoesNotContain(secret[..40], r.ToString(), StringComparison.Ordinal));
    }

    [Fact]
    public async Task Who_has_no_key_is_told_which_one_signed_and_who_names_one_whether_it_was_that()
    {
        using var blog = await UpgradedAsync("1\n");
        Assert.Equal(0, (await RunAsync(blog, "keys", "create")).ExitCode);
        Assert.Equal(0, (await RunAsync(blog, "keys", "create", "other.pem")).ExitCode);
        Assert.Equal(0, (await RunAsync(blog, "delete", "--from-file", "ids.txt", "--yes")).ExitCode);
        await ShowAsync(blog);

        var anybody = await ExpungeProcess.RunAsync(["receipt", "verify", "receipt.json"], directory: blog.Policy.Folder);
        Assert.Equal(0, anybody.ExitCode);
        Assert.Contains("That key is the receipt's own", anybody.Output, StringComparison.Ordinal);
        var named = await ExpungeProcess.RunAsync(["receipt", "verify", "receipt.json", "--public-key", "config/expunge/signing-key.pub.pem"], directory: blog.Policy.Folder);
        Assert.Equal(0, named.ExitCode);
        Assert.Contains(", the one given.", named.Output, StringComparison.Ordinal);
        Assert.Equal(1, (await VerifyAsync(blog, "--public-key", "other.pub.pem")).ExitCode);
        Assert.Equal(1, (await VerifyAsync(blog, "--signing-key", "other.pem")).ExitCode);
        var unable = await VerifyAsync(blog, "--public-key", "config/expunge/signing-key.pub.pem", "--signing-key", "other.pem", "--subject", "1");
        Assert.Equal(1, unable.ExitCode);
        Assert.Contains("can't be told", unable.Output, StringComparison.Ordinal);
        Assert.Equal(2, (await ExpungeProcess.RunAsync(["receipt", "verify", "receipt.json", "--subject", "1"], directory: blog.Policy.Folder)).ExitCode);
        Assert.Equal(2, (await VerifyAsync(blog, "--public-key", "receipt.json")).ExitCode);
    }

    [Fact]
    public async Task A_receipt_that_was_changed_or_cut_off_or_is_none_is_not_valid()
    {
        using var blog = await UpgradedAsync("1\n");
        Assert.Equal(0, (await RunAsync(blog, "keys", "create")).ExitCode);
        Assert.Equal(0, (await RunAsync(blog, "delete", "--from-file", "ids.txt", "--yes")).ExitCode);
        var receipt = await ShowAsync(blog);

        Assert.Equal((1, "❌ The signature is not of this document"), await WithAsync(receipt.Replace("\"deleted\":1,", "\"deleted\":9,", StringComparison.Ordinal)));
        Assert.Equal((1, "❌ Not as it was sealed"), await WithAsync(receipt.Replace("{\"", "{ \"", StringComparison.Ordinal)));
        Assert.Equal((2, ""), await WithAsync(receipt[..^10]));
        Assert.Equal((2, ""), await WithAsync("{}"));
        Assert.Equal((0, "✅ Unchanged since it was signed"), await WithAsync($"{receipt}\n"));
        Assert.Equal(2, (await RunAsync(blog, "receipt", "verify", "nosuch.json")).ExitCode);
        var piped = await ExpungeProcess.RunAsync(["receipt", "verify", "-"], Config(blog), receipt, blog.Policy.Folder);
        Assert.True(piped.ExitCode == 0, piped.ToString());

        async Task<(int, string)> WithAsync(string text)
        {
            await File.WriteAllTextAsync(Path.Combine(blog.Policy.Folder, "receipt.json"), text, Cancellation);
            var result = await VerifyAsync(blog);
            return (result.ExitCode, result.Output.Split(result.Output.Contains(" by key", StringComparison.Ordinal) ? " by key" : ":")[0].TrimEnd());
        }
    }

    [Fact]
    public async Task Without_a_key_the_receipt_says_so_and_is_not_valid()
    {
        using var blog = await UpgradedAsync("1\n");

        var deleted = await RunAsync(blog, "delete", "--from-file", "ids.txt", "--yes");
        Assert.EndsWith("🧾 The receipt is unsigned:  expunge receipt show 1\n", deleted.Output, StringComparison.Ordinal);
        Assert.Contains("\"seal\":\"unsigned\",\"signature\":null", await ShowAsync(blog), StringComparison.Ordinal);
        var verified = await VerifyAsync(blog);
        Assert.Equal(1, verified.ExitCode);
        Assert.StartsWith("❌ Unsigned", verified.Output, StringComparison.Ordinal);
        var shown = JsonDocument.Parse((await RunAsync(blog, "deletions", "show", "1", "--json")).Output).RootElement.GetProperty("receipt");
        Assert.Equal((false, JsonValueKind.Null), (shown.GetProperty("signed").GetBoolean(), shown.GetProperty("keyId").ValueKind));
        Assert.Equal(1, (await RunAsync(blog, "receipt", "show", "7")).ExitCode);
    }

    [Fact]
    public async Task A_key_that_is_unusable_stops_a_deletion_before_it_is_recorded()
    {
        using var blog = await UpgradedAsync("1\n");
        Assert.Equal(0, (await RunAsync(blog, "keys", "create", "key.pem")).ExitCode);
        var key = Path.Combine(blog.Policy.Folder, "key.pem");
        if (!OperatingSystem.IsWindows()) File.SetUnixFileMode(key, File.GetUnixFileMode(key) | UnixFileMode.OtherRead);

        var open = await RunAsync(blog, "delete", "--from-file", "ids.txt", "--yes", "--signing-key", "key.pem");
        Assert.Equal(2, open.ExitCode);
        Assert.Contains("chmod 600 'key.pem'", open.Error, StringComparison.Ordinal);
        Assert.Equal(2, (await RunAsync(blog, "delete", "--from-file", "ids.txt", "--yes", "--signing-key", "nosuch.pem")).ExitCode);
        Assert.Equal(2, (await ExpungeProcess.RunAsync(["delete", "--from-file", "ids.txt", "--yes", "--database", blog.ConnectionString], new Dictionary<string, string?> { ["EXPUNGE_SIGNING_KEY"] = "hush" }, directory: blog.Policy.Folder)) is var wrong ? wrong.ExitCode : 0);
        Assert.DoesNotContain("hush", wrong.ToString(), StringComparison.Ordinal);
        Assert.Contains("no deletion yet", (await RunAsync(blog, "deletions", "list")).Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_failed_is_retried_or_given_up_and_sealed_anew_each_time()
    {
        using var blog = await UpgradedAsync("1\n2\n", "root: users\nreferences: { likes.user_id: { action: retain, reason: tax law } }\n");
        Assert.Equal(0, (await RunAsync(blog, "keys", "create")).ExitCode);

        Assert.Contains("🧾 The receipt is signed", (await RunAsync(blog, "delete", "--from-file", "ids.txt", "--yes")).Output, StringComparison.Ordinal);
        Assert.Contains("\"state\":\"failed\"", await ShowAsync(blog), StringComparison.Ordinal);
        Assert.Contains("🧾 The receipt is signed", (await RunAsync(blog, "deletions", "retry", "1", "--yes")).Output, StringComparison.Ordinal);
        var cancelled = await RunAsync(blog, "deletions", "cancel", "1");
        Assert.True(cancelled.ExitCode == 0, cancelled.ToString());

        Assert.Contains("\"state\":\"cancelled\"", await ShowAsync(blog), StringComparison.Ordinal);
        Assert.Contains("This user is in it: failed", (await VerifyAsync(blog, "--subject", "1")).Output, StringComparison.Ordinal);
        Assert.Contains("❌ user (key erased): Rows of likes", (await RunAsync(blog, "deletions", "show", "1")).Output, StringComparison.Ordinal);
        Assert.Equal(1, (await RunAsync(blog, "deletions", "retry", "1", "--yes")).ExitCode);
    }

    private static async Task<BlogDatabase> UpgradedAsync(string ids, string policy = "root: users\n")
    {
        var blog = await BlogDatabase.CreateAsync(policy);
        Assert.Equal(0, (await blog.RunAsync("upgrade", "--yes")).ExitCode);
        await File.WriteAllTextAsync(Path.Combine(blog.Policy.Folder, "ids.txt"), ids, Cancellation);
        return blog;
    }

    private static Dictionary<string, string?> Config(BlogDatabase blog) => new(StringComparer.Ordinal) { ["XDG_CONFIG_HOME"] = Path.Combine(blog.Policy.Folder, "config") };

    private static Task<ExpungeProcess.Result> RunAsync(BlogDatabase blog, params string[] args) => ExpungeProcess.RunAsync([.. args, "--database", blog.ConnectionString], Config(blog), directory: blog.Policy.Folder);

    // Nowhere to connect to.
    private static Task<ExpungeProcess.Result> VerifyAsync(BlogDatabase blog, params string[] args) =>
        ExpungeProcess.RunAsync(["receipt", "verify", "receipt.json", .. args, "--database", "Host=localhost;Port=1;Database=none"], Config(blog), directory: blog.Policy.Folder);

    /// <summary>Prints the receipt into a file, byte by byte, as a shell does.</summary>
    private static async Task<string> ShowAsync(BlogDatabase blog)
    {
        using var shell = System.Diagnostics.Process.Start(new System.Diagnostics.ProcessStartInfo("/bin/sh", ["-c", $"dotnet '{Path.Combine(AppContext.BaseDirectory, "Expunge.Cli.dll")}' receipt show 1 --database \"$DB\" > receipt.json"])
        {
            WorkingDirectory = blog.Policy.Folder,
            Environment = { ["DB"] = blog.ConnectionString, ["XDG_CONFIG_HOME"] = Config(blog)["XDG_CONFIG_HOME"] },
        })!;
        await shell.WaitForExitAsync(Cancellation);
        Assert.Equal(0, shell.ExitCode);
        return await File.ReadAllTextAsync(Path.Combine(blog.Policy.Folder, "receipt.json"), Cancellation);
    }
}
