using System.Reflection;
using Expunge.Policy;
using Expunge.Postgres;
using Expunge.Revisions;
using Expunge.Testing;
using Expunge.Verification;
using Npgsql;
using Xunit;

namespace Expunge.Cli.Tests;

/// <summary>
/// Each finding has a page in docs/errors/, and what it shows is done: the blocks marked <c>before</c> make a database in which <c>verify</c> finds exactly that, those marked <c>after</c> one in which
/// it doesn't any more. A block is SQL or <c>expunge upgrade head</c>. The policy is the page's block marked <c>policy</c>, or <c>root: users</c> alone; one marked <c>policy: after</c> replaces it.
/// <c>before: PostgreSQL 18</c> needs that version, <c>before: as ROLE</c> verifies as that role.
/// </summary>
public sealed class DocsFindingsTests
{
    private const string RootAlone = "root: users\n";

    private static readonly CancellationToken Cancellation = TestContext.Current.CancellationToken;

    private static readonly List<string> All = [.. typeof(FindingCodes).GetFields(BindingFlags.Public | BindingFlags.Static).Select(f => (string)f.GetRawConstantValue()!)];

    public static TheoryData<string> Codes => [.. All];

    [Fact]
    public void Every_finding_has_a_page_and_no_page_is_without_its_finding() =>
        Assert.Equal(All.Order(StringComparer.Ordinal), Directory.EnumerateFiles(DocsPages.PathOf("docs/errors"), "*.md").Select(f => Path.GetFileNameWithoutExtension(f)).Order(StringComparer.Ordinal));

    [Theory]
    [MemberData(nameof(Codes))]
    public void A_page_has_the_title_of_its_entry_and_says_what_is_wrong_why_it_matters_and_what_to_do(string code)
    {
        var lines = DocsPages.LinesOf(PageOf(code));
        Assert.Equal($"# {code} · {FindingCodes.Meaning(code)}", lines[0]);
        Assert.Contains($"##{lines[0]}", DocsPages.LinesOf("docs/errors.md"));
        Assert.All(["**Problem.** ", "**Why it matters.** ", "**What to do.** "], part => Assert.Single(lines, l => l.StartsWith(part, StringComparison.Ordinal)));
        DocsPages.None(DocsPages.Blocks(PageOf(code)).Where(b => b.Mark.Split(':')[0] is not ("before" or "after" or "policy")).Select(b => b.Place));
    }

    [Theory]
    [MemberData(nameof(Codes))]
    public async Task What_a_page_shows_is_found_before_and_not_after(string code)
    {
        var blocks = DocsPages.Blocks(PageOf(code)).ToList();
        var words = blocks.Where(b => b.Mark.StartsWith("before: ", StringComparison.Ordinal)).Select(b => b.Mark["before: ".Length..]).ToList();
        var version = words.Where(w => w.StartsWith("PostgreSQL ", StringComparison.Ordinal)).Select(w => int.Parse(w["PostgreSQL ".Length..], null)).FirstOrDefault();
        Assert.SkipWhen(await TestServer.MajorVersionAsync() < version, $"{code} exists from PostgreSQL {version}");

        var role = words.Find(w => w.StartsWith("as ", StringComparison.Ordinal))?["as ".Length..];
        var connectionString = await TestServer.EmptyAsync();
        var before = PolicyReader.Read(blocks.Find(b => b.Mark == "policy")?.Text ?? RootAlone, null);
        var after = blocks.Find(b => b.Mark == "policy: after") is { } other ? PolicyReader.Read(other.Text, null) with { Revision = "002" } : before;

        await RunAsync(connectionString, before, blocks.Where(b => b.Mark.Split(':')[0] == "before"));
        Assert.Equal([code], (await VerifyAsync(connectionString, role, before)).Select(f => f.Code).Distinct());
        await RunAsync(connectionString, after, blocks.Where(b => b.Mark == "after"));
        DocsPages.None(await VerifyAsync(connectionString, role, after));
    }

    private static string PageOf(string code) => $"docs/errors/{code}.md";

    private static async Task RunAsync(string connectionString, PolicyFile policy, IEnumerable<DocsBlock> blocks)
    {
        foreach (var block in blocks)
        {
            if (block.Language == "sql")
            {
                await TestServer.ExecuteAsync(connectionString, block.Text);
                continue;
            }

            Assert.Equal("expunge upgrade head", block.Text);
            await using var database = new Database(new NpgsqlConnectionStringBuilder(connectionString));
            Assert.True((await Upgrade.ApplyAsync(database, policy, new UpgradeOptions(), Cancellation)).Succeeded, block.Place);
        }
    }

    private static async Task<IReadOnlyList<Finding>> VerifyAsync(string connectionString, string? role, PolicyFile policy)
    {
        await using var database = new Database(new NpgsqlConnectionStringBuilder(connectionString) { Options = role is null ? null : $"-c role={role}" });
        return (await DatabaseVerifier.ReadAsync(database, policy, Cancellation)).Findings;
    }
}
