using Expunge.Policy;
using Expunge.Postgres;
using Npgsql;
using Xunit;

namespace Expunge.Cli.Tests;

/// <summary>Samples of policies: a YAML block marked <c>policy</c> is one; one marked <c>policy: wrong</c> is not, one marked <c>policy: impossible</c> does not fit ZivoHealth; the text block after it is what is said about it.</summary>
public sealed class DocsPolicyTests
{
    [Fact]
    public void Every_YAML_block_is_marked() => DocsPages.None(DocsPages.Blocks().Where(b => b.Language == "yaml" && b.Mark.Length == 0).Select(b => b.Place));

    [Fact]
    public void Every_policy_is_read()
    {
        var blocks = DocsPages.Marked("policy").Where(b => b.Mark == "policy").ToList();
        Assert.NotEmpty(blocks);
        foreach (var block in blocks) DocsPages.None(Record.Exception(() => PolicyReader.Read(block.Text, block.Place)) is { } e ? [e.Message] : Array.Empty<string>());
    }

    [Fact]
    public void Every_wrong_policy_gets_the_message_that_the_page_shows()
    {
        var all = DocsPages.Blocks().ToList();
        var wrong = all.Where(b => b.Mark == "policy: wrong").ToList();
        Assert.NotEmpty(wrong);
        foreach (var block in wrong)
        {
            var shown = all[all.IndexOf(block) + 1];
            Assert.Equal(shown.Text, Assert.Throws<PolicyException>(() => PolicyReader.Read(block.Text, "expunge.yaml")).Message);
        }
    }

    [Fact]
    public async Task Every_policy_that_does_not_fit_the_database_gets_the_message_that_the_page_shows()
    {
        var all = DocsPages.Blocks().ToList();
        var catalog = await new Database(new NpgsqlConnectionStringBuilder(await DocsDatabase.CreateAsync(upgraded: false))).ReadCatalogAsync(TestContext.Current.CancellationToken);
        foreach (var block in all.Where(b => b.Mark == "policy: impossible"))
        {
            var shown = all[all.IndexOf(block) + 1];
            Assert.Equal(shown.Text, Assert.Throws<PolicyException>(() => Decisions.Of(catalog, PolicyReader.Read(block.Text, "expunge.yaml"))).Message);
        }
    }

    [Fact]
    public void Every_key_and_action_is_on_the_page()
    {
        var page = string.Join('\n', DocsPages.LinesOf("docs/policy-file.md"));
        string[] keys = ["root", "revision", "name", "default", "require_backup", "columns", "show", "search", "is_active", "is_tobe_deleted", "delete_date", "references", "soft_references", "external", "tables", "action", "reason", "enforce", "optional"];
        DocsPages.None(keys.Concat(PolicyActionWords.All).Where(word => !page.Contains($"`{word}", StringComparison.Ordinal)));
    }
}
