using System.Diagnostics;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using Expunge.Deletion;
using Expunge.Policy;
using Expunge.Postgres;
using Expunge.Receipts;
using Expunge.Revisions;
using Expunge.Testing;
using Npgsql;
using Xunit;

namespace Expunge.Cli.Tests;

/// <summary>The receipt that docs/receipts.md shows is a genuine one, of the form that receipts have today, and the program that it shows verifies it. EXPUNGE_UPDATE_DOCS=1 puts a new one there.</summary>
public sealed class DocsReceiptTests
{
    private static readonly CancellationToken Cancellation = TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_receipt_of_the_page_is_genuine_and_of_the_form_that_is_sealed_today()
    {
        var block = DocsPages.Marked("receipt").Single();
        var fresh = await SealAsync();
        if (Environment.GetEnvironmentVariable("EXPUNGE_UPDATE_DOCS") == "1")
        {
            var page = DocsPages.LinesOf(block.Page).ToList();
            page.RemoveRange(block.Line - 1, block.Lines.Count);
            page.InsertRange(block.Line - 1, Text(fresh.ToString(), indented: true).Split('\n'));
            await File.WriteAllTextAsync(DocsPages.PathOf(block.Page), string.Join('\n', page), Cancellation);
            return;
        }

        Assert.Equal(ReceiptVerdict.Valid, ReceiptVerifier.Verify(Shown(block), null).Verdict);
        Assert.Equal(Members(JsonNode.Parse(fresh.Bytes.Span)), Members(JsonNode.Parse(block.Text)));
    }

    [Fact]
    public async Task The_program_of_the_page_verifies_its_receipt_with_openssl_and_finds_a_change()
    {
        var program = DocsPages.Marked("run").Single();
        var receipt = Shown(DocsPages.Marked("receipt").Single());
        Assert.Equal((0, $"signed by key {receipt.KeyId}\n"), await RunAsync(program, receipt.ToString()));
        Assert.NotEqual(0, (await RunAsync(program, receipt.ToString().Replace("\"deleted\":2", "\"deleted\":3", StringComparison.Ordinal))).ExitCode);
        Assert.NotEqual(0, (await RunAsync(program, receipt.ToString().Replace(":", ": ", StringComparison.Ordinal))).ExitCode);
    }

    // The page's block is the receipt with line breaks.
    private static Receipt Shown(DocsBlock block) => Receipt.Read(Encoding.UTF8.GetBytes(Text(block.Text, indented: false)));

    private static string Text(string json, bool indented) => JsonNode.Parse(json)!.ToJsonString(new JsonSerializerOptions { WriteIndented = indented, NewLine = "\n", Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping });

    private static IEnumerable<string> Members(JsonNode? node, string path = "") => (node switch
    {
        JsonObject members => members.SelectMany(m => Members(m.Value, $"{path}/{m.Key}").Prepend($"{path}/{m.Key}")),
        JsonArray items => items.SelectMany(i => Members(i, $"{path}/*")),
        _ => [],
    }).Distinct();

    private static async Task<(int ExitCode, string Output)> RunAsync(DocsBlock program, string receipt)
    {
        var folder = Directory.CreateTempSubdirectory("expunge-docs-").FullName;
        await File.WriteAllTextAsync(Path.Combine(folder, "verify.py"), program.Text, Cancellation);
        await File.WriteAllTextAsync(Path.Combine(folder, "receipt.json"), receipt, Cancellation);
        using var python = Process.Start(new ProcessStartInfo("python3", ["verify.py", "receipt.json"]) { WorkingDirectory = folder, RedirectStandardOutput = true, RedirectStandardError = true, UseShellExecute = false })!;
        var output = await python.StandardOutput.ReadToEndAsync(Cancellation);
        await python.WaitForExitAsync(Cancellation);
        Directory.Delete(folder, recursive: true);
        return (python.ExitCode, output.Replace("Verified OK\n", "", StringComparison.Ordinal));
    }

    private static async Task<Receipt> SealAsync()
    {
        using var blog = await BlogDatabase.CreateAsync();
        // Its name is in the receipt.
        var server = await TestServer.Server;
        await TestServer.ExecuteAsync(server.ConnectionString, $"CREATE DATABASE blog TEMPLATE \"{new NpgsqlConnectionStringBuilder(blog.ConnectionString).Database}\"");
        await using var database = new Database(new NpgsqlConnectionStringBuilder(server.ConnectionStringTo("blog")));
        var policy = new PolicyFile { Root = new QualifiedName("public", "users") };
        await Upgrade.ApplyAsync(database, policy, new UpgradeOptions());
        var (job, _) = await Deletions.CreateAsync(database, policy, new DeletionRequest { Ids = new[] { "1", "2", "99" }.ToAsyncEnumerable(), RequestedBy = "privacy-office" }, Cancellation);
        await DeletionRunner.RunAsync(database, policy, job.Id, new DeletionOptions { SigningKey = SigningKey.Generate() }, Cancellation);
        return (await ReceiptStore.FindAsync(database, job.Id, Cancellation))!;
    }
}
